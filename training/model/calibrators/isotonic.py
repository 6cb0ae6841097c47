"""Isotonic calibration without its steps: centred blocks, joined by straight lines in log-odds."""

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from heed.decisioning.score import Floats
from heed.training.model.calibrators.curve import MIN_GAP, Curve, monotone_curve
from heed.training.model.calibrators.knot_quantiles import merge_blocks
from heed.training.model.calibrators.logistic_regression import group_sums
from heed.training.model.calibrators.sigmoid import fit_sigmoid

_GROUPS = 64
# How far beyond the outer centres the curve follows Platt's slope; it goes on like that from there.
_BEYOND = 1.0


def fit_isotonic(margin: Floats, label: NDArray[np.bool_]) -> Curve:
    """Isotonic regression whose blocks are points at their mean margin, with straight lines between them.

    Centred isotonic regression (Oron and Flournoy, "Centered isotonic regression: point and interval estimation for
    dose-response studies", Statistics in Biopharmaceutical Research 9, 2017), in log-odds: within a step of the plain
    estimate the order of rows would be lost. Blocks are joined to at most 64 groups of about equal information.
    Beyond the outer centres the curve rises as Platt's line does. Where there is only one group, that line is returned.
    """
    straight = fit_sigmoid(margin, label)
    order = np.argsort(margin, kind="stable")
    hit = label[order].astype(np.float64)
    place = np.unique(margin, return_inverse=True)[1][order]
    rows = np.bincount(place).astype(np.float64)
    # The class would interpolate between margins, and divide by gaps that rounding leaves of nothing.
    level = isotonic_regression(group_sums(place, hit) / rows, sample_weight=rows, y_min=0.0, y_max=1.0)
    block = np.concatenate([[0], np.cumsum(np.diff(level) > 0.0)])[place]
    return centered_isotonic(margin[order], block, level[place], hit, straight)


def centered_isotonic(
    margin: Floats, block: NDArray[np.int64], rate: Floats, counted: Floats, straight: Curve
) -> Curve:
    """The curve through the groups' mean margin and the log-odds of their mean of `counted`.

    Parameters
    ----------
    margin : array of float, shape (n,)
        Rising.
    block : array of int, shape (n,)
        Which rows share a value; not falling.
    rate, counted : array of float, shape (n,)
        Probabilities that tell how informative a row is, and the values in [0, 1] that are averaged.
    straight : Curve
        Gives the slope beyond the ends, and all where there is only one group.
    """
    weight = rate * (1.0 - rate)
    if weight.sum() == 0.0:
        return straight
    group = merge_blocks(block, weight, _GROUPS)
    rows = np.bincount(group)
    centre = np.bincount(group, margin) / rows
    # A group in which it never, or always, happened is taken as if it had half happened once.
    hits = np.clip(np.bincount(group, counted), 0.5, rows - 0.5)
    if len(rows) < 2 or np.diff(centre).max() < MIN_GAP:
        return straight
    return _with_tails(centre, np.log(hits) - np.log(rows - hits), straight)


def _with_tails(centre: Floats, log_odds: Floats, straight: Curve) -> Curve:
    rise = _BEYOND * float(straight.slope(np.zeros(1))[0])
    xs = np.concatenate([[centre[0] - _BEYOND], centre, [centre[-1] + _BEYOND]])
    return monotone_curve(xs, np.concatenate([[log_odds[0] - rise], log_odds, [log_odds[-1] + rise]]))
