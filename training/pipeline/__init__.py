"""The training pipeline: from engagement data to a registered model."""
