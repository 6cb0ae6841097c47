"""What a model must pass before it is promoted."""
