"""Inductive Venn-Abers calibration: two isotonic regressions per margin, merged into one probability."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.calibrators.curve import Curve
from heed.training.model.calibrators.isotonic import centered_isotonic
from heed.training.model.calibrators.logistic_regression import group_sums
from heed.training.model.calibrators.sigmoid import fit_sigmoid


def fit_venn_abers(margin: Floats, label: NDArray[np.bool_]) -> Curve:
    """The merged probability ``p1 / (1 - p0 + p1)`` at every training margin, tabulated at the centres of 64 groups.

    Vovk and Petej, "Venn-Abers predictors" (UAI 2014), section 4 for the merging, which minimises the worst log-loss
    against the two. Tails and small samples are handled as in
    :func:`heed.training.model.calibrators.isotonic.fit_isotonic`.
    """
    straight = fit_sigmoid(margin, label)
    seen, block = np.unique(margin, return_inverse=True)
    low, high = _at_seen(block, label, len(seen))
    merged = (high / (1.0 - low + high))[block]
    order = np.argsort(margin, kind="stable")
    return centered_isotonic(margin[order], block[order], merged[order], merged[order], straight)


def venn_abers_interval(margin: Floats, label: NDArray[np.bool_], query: Floats) -> tuple[Floats, Floats]:
    """The two probabilities of the Venn-Abers predictor at new margins.

    Parameters
    ----------
    margin, label : array, shape (n,)
        Calibration rows, at least one.
    query : array of float, shape (m,)

    Returns
    -------
    low, high : array of float, shape (m,)
        The isotonic fit at each query with the query added as a row without, or with, the outcome. They describe the
        uncertainty of the calibration, not of one customer's probability.
    """
    seen, block = np.unique(margin, return_inverse=True)
    low, high = _at_seen(block, label, len(seen))
    below = np.searchsorted(seen, query, side="right")
    above = np.searchsorted(seen, query, side="left")
    return np.concatenate([[0.0], low])[below], np.concatenate([high, [1.0]])[above]


def _at_seen(block: NDArray[np.int64], label: NDArray[np.bool_], count: int) -> tuple[Floats, Floats]:
    rows = group_sums(block, np.ones(len(block)), count)
    hits = group_sums(block, label.astype(np.float64), count)
    # By symmetry: reversed and with classes swapped, adding a failure is adding a success.
    low = 1.0 - _with_a_hit(rows[::-1].copy(), (rows - hits)[::-1].copy())[::-1]
    return low, _with_a_hit(rows, hits)


@njit(nogil=True, cache=True)
def _with_a_hit(rows: Floats, hits: Floats) -> Floats:
    """Isotonic value at each index after adding one hit there, shape (groups,).

    Isotonic values are slopes of the greatest convex minorant of the path of cumulative (rows, hits). The added hit is
    a step (1, 1) just before the steps of its index. Moving it to the next one moves only one corner, so the corners
    of the minorant are computed once, from the far end, and each index inspects only the top of their stack: Vovk,
    Petej and Fedorova, "Large-scale probabilistic predictors with and without guarantees of validity" (NeurIPS 2015),
    algorithms 1 and 2.
    """
    indices = len(rows)
    # The path starts at the origin with the added hit, then visits all indices from (1, 1).
    x, y = np.empty(indices + 2), np.empty(indices + 2)
    x[0], y[0] = 0.0, 0.0
    x[1], y[1] = 1.0, 1.0
    for index in range(indices):
        x[index + 2] = x[index + 1] + rows[index]
        y[index + 2] = y[index + 1] + hits[index]
    corner_x, corner_y = np.empty(indices + 3), np.empty(indices + 3)
    top = -1
    for point in range(indices + 1, -1, -1):
        top = _push(x[point], y[point], corner_x, corner_y, top)
    values = np.empty(indices)
    for index in range(indices):
        values[index] = (corner_y[top - 1] - corner_y[top]) / (corner_x[top - 1] - corner_x[top])
        # The steps of this index now precede the added hit, so the corner between them moves.
        moved_x = x[index + 2] - 1.0
        moved_y = y[index + 2] - 1.0
        rise = corner_y[top - 1] - corner_y[top]
        run = corner_x[top - 1] - corner_x[top]
        if (moved_y - corner_y[top]) * run < rise * (moved_x - corner_x[top]):
            top = _push(moved_x, moved_y, corner_x, corner_y, top - 1)
    return values


@njit(nogil=True, cache=True)
def _push(x: float, y: float, corner_x: Floats, corner_y: Floats, top: int) -> int:
    """Push a point left of all corners, after popping those above the new minorant."""
    while top > 0:
        rise_ahead = (corner_y[top - 1] - corner_y[top]) * (corner_x[top] - x)
        if rise_ahead > (corner_y[top] - y) * (corner_x[top - 1] - corner_x[top]):
            break
        top -= 1
    corner_x[top + 1], corner_y[top + 1] = x, y
    return top + 1
