"""Centred isotonic calibration: block centres joined by straight lines in log-odds."""

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from heed.decisioning.score import Floats
from heed.training.model.calibrators.curve import MIN_GAP, Curve, monotone_curve
from heed.training.model.calibrators.knot_quantiles import merge_blocks
from heed.training.model.calibrators.logistic_regression import group_sums
from heed.training.model.calibrators.sigmoid import fit_sigmoid

_GROUPS = 64
# The curve follows Platt's slope beyond the outer centres; two more knots at this distance encode it.
_TAIL = 1.0


def fit_isotonic(margin: Floats, label: NDArray[np.bool_]) -> Curve:
    """Isotonic regression with each block placed at its mean margin and linear interpolation between blocks.

    Centred isotonic regression (Oron and Flournoy, "Centered isotonic regression: point and interval estimation for
    dose-response studies", Statistics in Biopharmaceutical Research 9, 2017), in log-odds: the steps of the plain
    estimate would lose the ranking of rows. Blocks are merged into at most 64 groups of about equal information. Beyond
    the outer centres the curve has the slope of Platt's line, which is returned where there is only one group.
    """
    straight = fit_sigmoid(margin, label)
    order = np.argsort(margin, kind="stable")
    hit = label[order].astype(np.float64)
    index = np.unique(margin, return_inverse=True)[1][order]
    rows = np.bincount(index).astype(np.float64)
    # The function and not the class, which interpolates and divides by gaps as small as rounding errors.
    level = isotonic_regression(group_sums(index, hit) / rows, sample_weight=rows, y_min=0.0, y_max=1.0)
    block = np.concatenate([[0], np.cumsum(np.diff(level) > 0.0)])[index]
    return centered_isotonic(margin[order], block, level[index], hit, straight)


def centered_isotonic(margin: Floats, block: NDArray[np.int64], rate: Floats, target: Floats, straight: Curve) -> Curve:
    """The curve through the mean margin of each group and the log-odds of its mean of `target`.

    Parameters
    ----------
    margin : array of float, shape (n,)
        Non-decreasing.
    block : array of int, shape (n,)
        Block of each row; non-decreasing.
    rate, target : array of float, shape (n,)
        Probabilities, which give the information of a row, and the values in [0, 1] to average.
    straight : Curve
        Gives the slope beyond the ends, and is returned where there is only one group.
    """
    weight = rate * (1.0 - rate)
    if weight.sum() == 0.0:
        return straight
    group = merge_blocks(block, weight, _GROUPS)
    rows = np.bincount(group)
    centre = np.bincount(group, margin) / rows
    # Half a case is added where a group has only one class, so that log-odds stay finite.
    hits = np.clip(np.bincount(group, target), 0.5, rows - 0.5)
    if len(rows) < 2 or np.diff(centre).max() < MIN_GAP:
        return straight
    return _with_tails(centre, np.log(hits) - np.log(rows - hits), straight)


def _with_tails(centre: Floats, log_odds: Floats, straight: Curve) -> Curve:
    rise = _TAIL * float(straight.slope(np.zeros(1))[0])
    xs = np.concatenate([[centre[0] - _TAIL], centre, [centre[-1] + _TAIL]])
    return monotone_curve(xs, np.concatenate([[log_odds[0] - rise], log_odds, [log_odds[-1] + rise]]))
