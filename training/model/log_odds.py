"""Between log-odds and probabilities."""

import numpy as np

from heed.decisioning.score import Floats

# Keeps probabilities strictly inside (0, 1): exp(-36) is the last that 1 - p still shows.
MAX_LOG_ODDS = 36.0


def probability(log_odds: Floats) -> Floats:
    """The probability of log-odds, strictly inside (0, 1), same shape."""
    bounded = np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS)
    inside: Floats = 1.0 / (1.0 + np.exp(-bounded))
    return inside
