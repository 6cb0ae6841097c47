"""Static checks of a policy: rules that are idle, contradictory, or block everything."""
