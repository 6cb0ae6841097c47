"""From the booster's margin to calibrated log-odds, by a straight line.

The line keeps the order of the candidates and keeps SHAP contributions additive, which a step function would not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from decisioning.score import Floats
from training.errors import TrainingError

# A slope at or below 0 would turn the model's order around; where held-out data ask for one, the model has learnt
# nothing that holds, and almost flat is the honest answer.
LEAST_SLOPE = 0.01
# Keeps probabilities strictly inside (0, 1): exp(-36) is the last that 1 - p still shows.
LARGEST_LOG_ODDS = 36.0
_ROUNDS = 100
_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Calibration:
    """Served log-odds are ``slope * margin + intercept``.

    Attributes
    ----------
    slope : float
        Greater than 0.
    intercept : float
        In log-odds.
    """

    slope: float
    intercept: float

    def log_odds(self, margin: Floats) -> Floats:
        """Calibrated log-odds, same shape as `margin`."""
        return self.slope * margin + self.intercept

    def probability(self, margin: Floats) -> Floats:
        """Calibrated probability in (0, 1), same shape as `margin`."""
        return probability(self.log_odds(margin))

    def to_dict(self) -> dict[str, float]:
        """JSON-ready form."""
        return {"slope": self.slope, "intercept": self.intercept}

    @classmethod
    def from_dict(cls, stored: Mapping[str, float]) -> "Calibration":
        """The calibration written by :meth:`to_dict`."""
        return cls(float(stored["slope"]), float(stored["intercept"]))


def probability(log_odds: Floats) -> Floats:
    """The probability of log-odds, strictly inside (0, 1), same shape."""
    bounded = np.clip(log_odds, -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)
    inside: Floats = 1.0 / (1.0 + np.exp(-bounded))
    return inside


def fit_calibration(margin: Floats, label: NDArray[np.bool_]) -> Calibration:
    """Maximum-likelihood line through margins of rows that the booster has not seen.

    Platt's targets stand in for 0 and 1, so that few or separable rows cannot drive the slope to infinity. Newton's
    method with backtracking on the convex negative log-likelihood, as in Lin, Lin and Weng, "A note on Platt's
    probabilistic outputs for support vector machines", Machine Learning 68 (2007); Platt (1999).

    Parameters
    ----------
    margin : array of float, shape (n,)
        Raw scores in log-odds.
    label : array of bool, shape (n,)
        Whether the outcome happened. One class alone is enough: the targets keep the intercept finite.

    Raises
    ------
    TrainingError
        If there are no rows.
    """
    if len(margin) == 0:
        remedy = "give more contacts, or customers, to train on"
        raise TrainingError("no rows are left to calibrate on", field="contacts", value=0, remedy=remedy)
    target = _targets(label)
    free = logistic_regression(np.stack([margin, np.ones_like(margin)], axis=1), target, np.zeros_like(margin))
    if free[0] >= LEAST_SLOPE:
        return Calibration(float(free[0]), float(free[1]))
    (intercept,) = logistic_regression(np.ones((len(margin), 1)), target, LEAST_SLOPE * margin)
    return Calibration(LEAST_SLOPE, float(intercept))


def _targets(label: NDArray[np.bool_]) -> Floats:
    positives = int(label.sum())
    negatives = len(label) - positives
    return np.where(label, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))


def logistic_regression(design: Floats, target: Floats, offset: Floats) -> Floats:
    """Unpenalised coefficients of `target` on `design`, by Newton's method with backtracking.

    Parameters
    ----------
    design : array of float, shape (n, k)
    target : array of float, shape (n,)
        In [0, 1].
    offset : array of float, shape (n,)
        Added to the log-odds with weight 1.

    Returns
    -------
    array of float, shape (k,)
    """
    weights = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        p = expit(design @ weights + offset)
        gradient = design.T @ (p - target)
        if np.abs(gradient).max() < 1e-10 * len(target):
            break
        hessian = (design * (p * (1.0 - p))[:, None]).T @ design + 1e-12 * np.eye(len(weights))
        step: Floats = np.linalg.solve(hessian, gradient).astype(np.float64)
        weights = _descend(design, target, offset, weights, step)
    return weights


def _descend(design: Floats, target: Floats, offset: Floats, weights: Floats, step: Floats) -> Floats:
    """The longest of step, step/2, step/4, ... that lowers the loss; where none does, the optimum is reached."""
    now = _loss(design @ weights + offset, target)
    for halving in range(_HALVINGS):
        moved: Floats = weights - step * 0.5**halving
        if _loss(design @ moved + offset, target) < now:
            return moved
    return weights


def _loss(log_odds: Floats, target: Floats) -> float:
    return float(np.sum(np.logaddexp(0.0, log_odds) - target * log_odds))
