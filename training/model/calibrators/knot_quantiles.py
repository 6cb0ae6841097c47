"""Rows in groups that say equally much: where knots are put."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from heed.decisioning.score import Floats


def fisher_information(log_odds: Floats) -> Floats:
    """What a row tells of its own log-odds, p(1 - p), same shape: with a rare outcome nearly its probability."""
    p = expit(log_odds)
    weight: Floats = p * (1.0 - p)
    return weight


def weighted_quantiles(margin: Floats, weight: Floats, at: Floats) -> Floats:
    """The margins below which these shares of the weight lie, same shape as `at`.

    Parameters
    ----------
    margin, weight : array of float, shape (n,)
        Weights at least 0, their sum above it.
    at : array of float
        In (0, 1).
    """
    order = np.argsort(margin, kind="stable")
    total = np.cumsum(weight[order])
    place = np.searchsorted(total, at * total[-1])
    found: Floats = margin[order][np.minimum(place, len(margin) - 1)]
    return found


def merge_blocks(block: NDArray[np.int64], weight: Floats, count: int) -> NDArray[np.int64]:
    """Joins neighbouring blocks to at most `count` groups of about equal weight, shape (n,): 0 for the lowest.

    Parameters
    ----------
    block : array of int, shape (n,)
        Of each row, not falling. A block is never parted.
    weight : array of float, shape (n,)
        At least 0, their sum above it.
    """
    per_block = np.bincount(block, weight)
    # The middle of each block decides, so that a heavy one does not drag its light neighbours along.
    middle = np.cumsum(per_block) - per_block / 2.0
    place = np.minimum((middle / per_block.sum() * count).astype(np.int64), count - 1)
    return np.unique(place, return_inverse=True)[1][block]
