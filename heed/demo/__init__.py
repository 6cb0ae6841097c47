"""Builds the home of `heed demo`."""
