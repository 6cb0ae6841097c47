"""Conversion of log-odds to probabilities."""

import numpy as np

from heed.decisioning.score import Floats

# Keeps probabilities strictly inside (0, 1): 1 - exp(-36) is the largest double below 1.
MAX_LOG_ODDS = 36.0


def probability(log_odds: Floats) -> Floats:
    """The probability of log-odds, strictly inside (0, 1), same shape."""
    bounded = np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS)
    inside: Floats = 1.0 / (1.0 + np.exp(-bounded))
    return inside
