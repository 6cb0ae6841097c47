"""Inductive Venn-Abers calibration: two isotonic regressions for every margin, merged into one probability."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.calibrators.curve import Curve
from heed.training.model.calibrators.isotonic import centered_isotonic
from heed.training.model.calibrators.logistic_regression import group_sums
from heed.training.model.calibrators.sigmoid import fit_sigmoid


def fit_venn_abers(margin: Floats, label: NDArray[np.bool_]) -> Curve:
    """The merged probability ``p1 / (1 - p0 + p1)`` at every margin seen, tabulated at the centres of 64 groups.

    Vovk and Petej, "Venn-Abers predictors" (UAI 2014), section 4 for the merging, which minimises the worst log-loss
    against the two. Tails and too little data are treated as in
    :func:`heed.training.model.calibrators.isotonic.fit_isotonic`.
    """
    straight = fit_sigmoid(margin, label)
    seen, block = np.unique(margin, return_inverse=True)
    low, high = _at_seen(block, label, len(seen))
    merged = (high / (1.0 - low + high))[block]
    order = np.argsort(margin, kind="stable")
    return centered_isotonic(margin[order], block[order], merged[order], merged[order], straight)


def venn_abers_interval(margin: Floats, label: NDArray[np.bool_], query: Floats) -> tuple[Floats, Floats]:
    """The two probabilities of the Venn-Abers predictor at other margins.

    Parameters
    ----------
    margin, label : array, shape (n,)
        Rows to calibrate on, at least one.
    query : array of float, shape (m,)

    Returns
    -------
    low, high : array of float, shape (m,)
        The isotonic regression's value at each query, had the query been one more row without, or with, the outcome.
        They speak of the calibration, not of how sure the probability of one customer is.
    """
    seen, block = np.unique(margin, return_inverse=True)
    low, high = _at_seen(block, label, len(seen))
    below = np.searchsorted(seen, query, side="right")
    above = np.searchsorted(seen, query, side="left")
    return np.concatenate([[0.0], low])[below], np.concatenate([high, [1.0]])[above]


def _at_seen(block: NDArray[np.int64], label: NDArray[np.bool_], count: int) -> tuple[Floats, Floats]:
    rows = group_sums(block, np.ones(len(block)), count)
    hits = group_sums(block, label.astype(np.float64), count)
    # Seen from the other end with the classes changed over, adding a failure is adding a success.
    low = 1.0 - _with_a_hit(rows[::-1].copy(), (rows - hits)[::-1].copy())[::-1]
    return low, _with_a_hit(rows, hits)


@njit(nogil=True, cache=True)
def _with_a_hit(rows: Floats, hits: Floats) -> Floats:
    """Isotonic value at each place, had one more hit been seen at that place, shape (places,).

    Isotonic values are slopes of the greatest convex minorant of the path of cumulative (rows, hits). The hit is one
    more step (1, 1), taken just before the steps of its place. Moving it one place up only moves the corner between
    the two, so the corners of the minorant ahead are worked out once, from the far end, and each place costs a few
    looks at the top of their stack: Vovk, Petej and Fedorova, "Large-scale probabilistic predictors with and without
    guarantees of validity" (NeurIPS 2015), algorithms 1 and 2.
    """
    places = len(rows)
    # The path starts at the origin with the hit, then takes all places: from (1, 1) on.
    x, y = np.empty(places + 2), np.empty(places + 2)
    x[0], y[0] = 0.0, 0.0
    x[1], y[1] = 1.0, 1.0
    for place in range(places):
        x[place + 2] = x[place + 1] + rows[place]
        y[place + 2] = y[place + 1] + hits[place]
    corner_x, corner_y = np.empty(places + 3), np.empty(places + 3)
    top = -1
    for point in range(places + 1, -1, -1):
        top = _push(x[point], y[point], corner_x, corner_y, top)
    values = np.empty(places)
    for place in range(places):
        values[place] = (corner_y[top - 1] - corner_y[top]) / (corner_x[top - 1] - corner_x[top])
        # The steps of this place now come before the hit: the corner between them moves.
        moved_x = x[place + 2] - 1.0
        moved_y = y[place + 2] - 1.0
        rise = corner_y[top - 1] - corner_y[top]
        run = corner_x[top - 1] - corner_x[top]
        if (moved_y - corner_y[top]) * run < rise * (moved_x - corner_x[top]):
            top = _push(moved_x, moved_y, corner_x, corner_y, top - 1)
    return values


@njit(nogil=True, cache=True)
def _push(x: float, y: float, corner_x: Floats, corner_y: Floats, top: int) -> int:
    """Puts a point left of all corners on their stack, after taking off those it leaves above the minorant."""
    while top > 0:
        rise_ahead = (corner_y[top - 1] - corner_y[top]) * (corner_x[top] - x)
        if rise_ahead > (corner_y[top] - y) * (corner_x[top - 1] - corner_x[top]):
            break
        top -= 1
    corner_x[top + 1], corner_y[top + 1] = x, y
    return top + 1
