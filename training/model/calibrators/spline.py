"""Spline calibration: a smooth curve, linear at both ends."""

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.calibrators.curve import MIN_GAP, Curve, monotone_curve
from heed.training.model.calibrators.knot_quantiles import fisher_information, weighted_quantiles
from heed.training.model.calibrators.logistic_regression import bin_finely, fit_logistic
from heed.training.model.calibrators.sigmoid import fit_sigmoid, platt_targets

_KNOTS = 65
# Quantiles of information, not of rows.
_QUANTILES = (0.02, 0.2, 0.4, 0.6, 0.8, 0.98)


def fit_spline(margin: Floats, label: NDArray[np.bool_]) -> Curve:
    """Fit a restricted cubic spline of the margin in log-odds, tabulated at 65 knots and made monotone.

    Six knots, cubic between the outer two and linear beyond them (Harrell, "Regression Modeling Strategies",
    section 2.4.5; for calibration Lucena, "Spline-based probability calibration", 2018). Knots are quantiles of
    Fisher information, since with a rare outcome most rows carry little of it. Decreasing parts are removed by
    :func:`heed.training.model.calibrators.curve.monotone_curve`. With fewer than three distinct knots,
    Platt's line is returned.
    """
    straight = fit_sigmoid(margin, label)
    knots = _knots(margin, straight(margin))
    if len(knots) < 3:
        return straight
    binned = bin_finely(margin, platt_targets(label))
    weights = fit_logistic(_basis(binned.predictor, knots), binned, straight(binned.predictor))
    beyond = np.ptp(knots)
    table = np.concatenate(
        [[knots[0] - beyond], np.linspace(knots[0], knots[-1], _KNOTS - 2), [knots[-1] + beyond]],
    )
    return monotone_curve(table, straight(table) + _basis(table, knots) @ weights)


def _knots(margin: Floats, log_odds: Floats) -> Floats:
    knots = np.unique(weighted_quantiles(margin, fisher_information(log_odds), np.array(_QUANTILES)))
    return knots if len(knots) > 1 and np.diff(knots).min() > MIN_GAP else knots[:1]


def _basis(margin: Floats, knots: Floats) -> Floats:
    """Columns 1, the margin scaled to [0, 1] between the outer knots, and a cubic for each knot but the last two."""
    span = knots[-1] - knots[0]
    x, t = (margin - knots[0]) / span, (knots - knots[0]) / span
    last, before = np.maximum(x - t[-1], 0.0) ** 3, np.maximum(x - t[-2], 0.0) ** 3
    gap = t[-1] - t[-2]
    cubics = [
        np.maximum(x - knot, 0.0) ** 3 - before * (t[-1] - knot) / gap + last * (t[-2] - knot) / gap for knot in t[:-2]
    ]
    return np.stack([np.ones_like(x), x, *cubics], axis=1)
