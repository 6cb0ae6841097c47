"""Platt scaling, which needs the least data and is the fallback of the other families."""

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.errors import TrainingError
from heed.training.model.calibrators.curve import MAX_SLOPE, MIN_GAP, MIN_SLOPE, Curve, straight_line
from heed.training.model.calibrators.logistic_regression import BinnedRows, bin_finely, fit_logistic


def fit_sigmoid(margin: Floats, label: NDArray[np.bool_]) -> Curve:
    """Maximum-likelihood line in log-odds, as a curve of two knots.

    Platt's soft targets replace 0 and 1, so that the slope stays finite with few or separable rows: Platt,
    "Probabilistic outputs for support vector machines" (1999). A slope outside the bounds of a curve is clipped and the
    intercept refitted. Where all margins are equal the slope is 1.

    Parameters
    ----------
    margin : array of float, shape (n,)
        Out-of-fold margins in log-odds.
    label : array of bool, shape (n,)
        Whether the outcome happened. A single class is allowed.

    Raises
    ------
    TrainingError
        If there are no rows.
    """
    if len(margin) == 0:
        remedy = "give more contacts, or customers, to train on"
        raise TrainingError("no rows are left to calibrate on", field="contacts", value=0, remedy=remedy)
    binned = bin_finely(margin, platt_targets(label))
    if np.ptp(margin) < MIN_GAP:
        return _with_slope(1.0, binned)
    design = np.stack([binned.predictor, np.ones_like(binned.predictor)], axis=1)
    slope, intercept = fit_logistic(design, binned, np.zeros_like(binned.predictor)).tolist()
    if MIN_SLOPE <= slope <= MAX_SLOPE:
        return straight_line(slope, intercept)
    return _with_slope(min(max(slope, MIN_SLOPE), MAX_SLOPE), binned)


def platt_targets(label: NDArray[np.bool_]) -> Floats:
    """Soft targets for 1 and 0, shape (n,): Platt (1999), section 2.2."""
    positives = int(label.sum())
    negatives = len(label) - positives
    return np.where(label, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))


def _with_slope(slope: float, binned: BinnedRows) -> Curve:
    (intercept,) = fit_logistic(np.ones((len(binned.predictor), 1)), binned, slope * binned.predictor)
    return straight_line(slope, float(intercept))
