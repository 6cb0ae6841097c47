"""Scores of predicted probabilities: log loss, Brier score, AUC, calibration error and slope."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import bin_indices
from heed.training.model.calibrators.logistic_regression import BinnedRows, fit_logistic

Labels = NDArray[np.bool_]

_BINS = 15
_MIN_PER_CLASS = 10
_UNKNOWN_LINE = (1.0, float("inf"), 0.0)
# Fisher information below which the classes are separable, and a steeper slope always fits better.
_SEPARABLE = 1e-4


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics of a set of rows.

    Attributes
    ----------
    rate, mean_propensity : float
        Share of rows with the outcome, and mean prediction.
    log_loss, base_log_loss, brier : float
        Mean per row, in nats; `base_log_loss` is that of the training base rate.
    auc : float or None
        Area under the ROC curve; None where all rows are of one class.
    average_precision : float or None
        Area under the precision-recall curve, in steps; None where all rows are of one class.
    calibration_error : float
        See :func:`calibration_error`.
    slope, intercept : float
        See :func:`calibration_line`; 1 and 0 are perfect.
    slope_error : float
        Standard error of the slope.
    """

    rows: int
    rate: float
    mean_propensity: float
    log_loss: float
    base_log_loss: float
    brier: float
    auc: float | None
    average_precision: float | None
    calibration_error: float
    slope: float
    slope_error: float
    intercept: float


def compute_metrics(propensity: Floats, label: Labels, base_rate: float) -> Metrics:
    """All metrics of n rows.

    Parameters
    ----------
    propensity : array of float, shape (n,)
        In (0, 1).
    base_rate : float
        Of the training rows, in (0, 1).
    """
    slope, slope_error, intercept = calibration_line(propensity, label)
    two_classes = 0 < label.sum() < len(label)
    return Metrics(
        rows=len(label),
        rate=float(label.mean()),
        mean_propensity=float(propensity.mean()),
        log_loss=float(log_loss(label, propensity, labels=[False, True])),
        base_log_loss=float(log_losses(np.full(len(label), base_rate), label).mean()),
        brier=float(brier_score_loss(label, propensity, pos_label=True)),
        auc=float(roc_auc_score(label, propensity)) if two_classes else None,
        average_precision=float(average_precision_score(label, propensity)) if two_classes else None,
        calibration_error=calibration_error(propensity, label),
        slope=slope,
        slope_error=slope_error,
        intercept=intercept,
    )


def log_losses(propensity: Floats, label: Labels) -> Floats:
    """Log loss of each row, in nats, shape (n,)."""
    return -np.where(label, np.log(propensity), np.log1p(-propensity))


def calibration_error(propensity: Floats, label: Labels, bins: int = _BINS) -> float:
    """Root mean square calibration error, debiased.

    The estimator of Kumar, Liang and Ma, "Verified uncertainty calibration" (NeurIPS 2019), on bins of equal mass: it
    subtracts the sampling variance of each bin's rate from its squared gap. Equal probabilities share a bin, so there
    can be fewer bins than requested.

    Returns
    -------
    float
        In probability, at least 0: negative estimates, which chance explains, are 0.
    """
    index = bin_indices(propensity, bins)
    return float(_debiased(index, propensity, label[None, :])[0])


def calibration_error_by_chance(propensity: Floats, quantile: float, seed: int = 0, draws: int = 200) -> float:
    """A quantile of the calibration error under perfect calibration, by simulation."""
    generator = np.random.default_rng(seed)
    drawn = np.stack([generator.random(len(propensity)) < propensity for _ in range(draws)])
    return float(np.quantile(_debiased(bin_indices(propensity, _BINS), propensity, drawn), quantile))


def _debiased(index: NDArray[np.int64], propensity: Floats, labels: NDArray[np.bool_]) -> Floats:
    """Calibration errors of several sets of labels for the same rows, shape (sets,)."""
    count = np.bincount(index)
    stated = np.bincount(index, propensity) / count
    rate = np.stack([np.bincount(index, row, len(count)) for row in labels]) / count
    large = count > 1
    chance = rate[:, large] * (1.0 - rate[:, large]) / (count[large] - 1)
    squares = (rate[:, large] - stated[large]) ** 2 - chance
    weight = count[large] / max(count[large].sum(), 1)
    errors: Floats = np.sqrt(np.maximum(squares @ weight, 0.0))
    return errors


def calibration_line(propensity: Floats, label: Labels) -> tuple[float, float, float]:
    """Slope, its standard error, and intercept of the logistic regression of the outcome on the predicted log-odds.

    A slope below 1 means overconfident, above 1 underconfident (Cox, "Two further applications of a model for binary
    regression", Biometrika 45, 1958). With fewer than ten rows of either class, constant predictions or separable
    classes, the line is unknown: slope 1 with an infinite error.
    """
    stated = np.log(propensity) - np.log1p(-propensity)
    positives = int(label.sum())
    if min(positives, len(label) - positives) < _MIN_PER_CLASS or np.ptp(stated) == 0.0:
        return _UNKNOWN_LINE
    design = np.stack([stated, np.ones_like(stated)], axis=1)
    rows = BinnedRows(np.zeros(len(label), dtype=np.int64), stated, np.ones_like(stated), label.astype(np.float64))
    slope, intercept = fit_logistic(design, rows, np.zeros_like(stated))
    p = expit(slope * stated + intercept)
    weight = p * (1.0 - p)
    # Information on the slope once the intercept is fitted.
    information = float(weight @ stated**2) - float(weight @ stated) ** 2 / max(float(weight.sum()), _SEPARABLE)
    if information < _SEPARABLE:
        return _UNKNOWN_LINE
    return float(slope), float(1.0 / np.sqrt(information)), float(intercept)


@dataclass(frozen=True, eq=False)
class HoldoutPredictions:
    """Predictions and labels of the test set.

    Attributes
    ----------
    action : array of str, shape (n,)
        The action of each row, ``hold`` included.
    base_rate : float
        Of the training rows.
    """

    propensity: Floats
    label: Labels
    action: np.ndarray
    base_rate: float

    def by_action(self) -> Iterator[tuple[str, Floats, Labels]]:
        """Yield action, propensity and label of each action's rows, sorted by action."""
        for name in np.unique(self.action):
            mine = self.action == name
            yield str(name), self.propensity[mine], self.label[mine]
