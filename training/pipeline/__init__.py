"""From a data directory to a registered model version."""
