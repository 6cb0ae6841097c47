"""Calibration, discrimination and coverage metrics."""
