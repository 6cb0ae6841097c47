"""Calibration as a rising curve, chosen among families, with offsets by action that borrow from kin."""
