"""The model: LightGBM with calibration, a posterior over its leaf values and SHAP contributions, as one bundle."""
