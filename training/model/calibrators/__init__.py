"""Calibration: a monotone curve, selected among families, with partially pooled offsets by action."""
