"""Data contract, adapters, world simulator, features, models, calibration, explanation and evaluation."""
