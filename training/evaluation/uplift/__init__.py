"""Uplift: ranking (Qini) and calibration."""
