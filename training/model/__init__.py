"""The model: LightGBM with a calibration, a posterior on its leaves and SHAP contributions, in one bundle."""
