"""Beta calibration: a line in log-odds with one bend near even odds."""

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.calibrators.curve import MIN_GAP, Curve, monotone_curve
from heed.training.model.calibrators.logistic_regression import BinnedRows, bin_finely, fit_logistic
from heed.training.model.calibrators.sigmoid import fit_sigmoid, platt_targets

_KNOTS = 65
# Beyond this margin log p and log(1 - p) are linear in the margin to within 6e-6.
_STRAIGHT = 12.0


def fit_beta(margin: Floats, label: NDArray[np.bool_]) -> Curve:
    """Fit ``a * log p - b * log(1 - p) + c`` with `a` and `b` at least 0, where p is the probability of the margin.

    A logistic regression on log p and -log(1 - p), with Platt's targets. A negative coefficient is dropped and
    the other refitted, as in Kull, Silva Filho and Flach, "Beta calibration: a well-founded and easily
    implemented improvement on logistic calibration for binary classifiers" (AISTATS 2017). Where neither is positive,
    Platt's line is returned. The curve is tabulated at 65 knots.
    """
    straight = fit_sigmoid(margin, label)
    low, high = np.clip([margin.min(), margin.max()], -_STRAIGHT, _STRAIGHT)
    if high - low < MIN_GAP:
        return straight
    weights = _nonnegative(bin_finely(margin, platt_targets(label)))
    if weights is None:
        return straight
    knots = np.linspace(low, high, _KNOTS)
    return monotone_curve(knots, _bend(knots) @ weights)


def _bend(margin: Floats) -> Floats:
    """The columns log p, -log(1 - p) and 1, shape (n, 3)."""
    return np.stack([-np.logaddexp(0.0, -margin), np.logaddexp(0.0, margin), np.ones_like(margin)], axis=1)


def _nonnegative(binned: BinnedRows) -> Floats | None:
    """The three coefficients, the first two at least 0; None where both would be negative."""
    free = _fitted(binned, [0, 1, 2])
    if (free[:2] > 0.0).all():
        return free
    fewer = _fitted(binned, [1, 2] if free[0] <= 0.0 else [0, 2])
    return fewer if fewer[:2].max() > 0.0 else None


def _fitted(binned: BinnedRows, kept: list[int]) -> Floats:
    design, weights = _bend(binned.predictor), np.zeros(3)
    weights[kept] = fit_logistic(design[:, kept], binned, np.zeros(len(design)))
    return weights
