"""Rules that follow the law of a jurisdiction, as dated data with citations: engineering defaults, not legal advice."""
