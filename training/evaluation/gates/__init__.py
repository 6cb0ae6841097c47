"""Gates that a model must pass before promotion."""
