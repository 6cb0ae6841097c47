"""Quantiles of information, at which knots are placed."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from heed.decisioning.score import Floats


def fisher_information(log_odds: Floats) -> Floats:
    """Fisher information of a row about its log-odds, p(1 - p), same shape."""
    p = expit(log_odds)
    weight: Floats = p * (1.0 - p)
    return weight


def weighted_quantiles(margin: Floats, weight: Floats, at: Floats) -> Floats:
    """Weighted quantiles of the margins, same shape as `at`.

    Parameters
    ----------
    margin, weight : array of float, shape (n,)
        Weights are at least 0, with a positive sum.
    at : array of float
        Shares of the weight, in (0, 1).
    """
    order = np.argsort(margin, kind="stable")
    total = np.cumsum(weight[order])
    index = np.searchsorted(total, at * total[-1])
    quantiles: Floats = margin[order][np.minimum(index, len(margin) - 1)]
    return quantiles


def merge_blocks(block: NDArray[np.int64], weight: Floats, count: int) -> NDArray[np.int64]:
    """Merge adjacent blocks into at most `count` groups of about equal weight, shape (n,), numbered from 0.

    Parameters
    ----------
    block : array of int, shape (n,)
        Block of each row, non-decreasing. Blocks are never divided.
    weight : array of float, shape (n,)
        At least 0, with a positive sum.
    """
    per_block = np.bincount(block, weight)
    # The midpoint of each block decides, so that a heavy block does not absorb its light neighbours.
    middle = np.cumsum(per_block) - per_block / 2.0
    index = np.minimum((middle / per_block.sum() * count).astype(np.int64), count - 1)
    return np.unique(index, return_inverse=True)[1][block]
