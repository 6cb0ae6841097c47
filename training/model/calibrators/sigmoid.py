"""Platt's straight line, the family that needs the least data and that the others fall back on."""

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.errors import TrainingError
from heed.training.model.calibrators.curve import MAX_SLOPE, MIN_GAP, MIN_SLOPE, Curve, straight_line
from heed.training.model.calibrators.logistic_regression import BinnedRows, bin_finely, fit_logistic


def fit_sigmoid(margin: Floats, label: NDArray[np.bool_]) -> Curve:
    """The straight line of greatest likelihood, as a curve of two knots.

    Platt's targets stand in for 0 and 1, so that few or separable rows cannot drive the slope to infinity: Platt,
    "Probabilistic outputs for support vector machines" (1999). A slope outside a curve's bounds is put on the bound
    and the intercept fitted again. Where all margins are equal, nothing can be told of the slope: it stays 1.

    Parameters
    ----------
    margin : array of float, shape (n,)
        Raw scores in log-odds, of rows that the booster has not seen.
    label : array of bool, shape (n,)
        Whether the outcome happened. One class alone is enough.

    Raises
    ------
    TrainingError
        If there are no rows.
    """
    if len(margin) == 0:
        remedy = "give more contacts, or customers, to train on"
        raise TrainingError("no rows are left to calibrate on", field="contacts", value=0, remedy=remedy)
    counted = bin_finely(margin, platt_targets(label))
    if np.ptp(margin) < MIN_GAP:
        return _with_slope(1.0, counted)
    design = np.stack([counted.place, np.ones_like(counted.place)], axis=1)
    slope, intercept = fit_logistic(design, counted, np.zeros_like(counted.place)).tolist()
    if MIN_SLOPE <= slope <= MAX_SLOPE:
        return straight_line(slope, intercept)
    return _with_slope(min(max(slope, MIN_SLOPE), MAX_SLOPE), counted)


def platt_targets(label: NDArray[np.bool_]) -> Floats:
    """What stands for 1 and 0 so that separable rows have a finite fit, shape (n,): Platt (1999), section 2.2."""
    positives = int(label.sum())
    negatives = len(label) - positives
    return np.where(label, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))


def _with_slope(slope: float, counted: BinnedRows) -> Curve:
    (intercept,) = fit_logistic(np.ones((len(counted.place), 1)), counted, slope * counted.place)
    return straight_line(slope, float(intercept))
