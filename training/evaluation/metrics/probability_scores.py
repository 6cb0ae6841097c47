"""Numbers about probabilities and what happened."""

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
_LEAST_OF_A_KIND = 10
_UNTOLD = (1.0, float("inf"), 0.0)
# Reached where the classes are separable, so that a steeper slope always fits better.
_SEPARABLE = 1e-4


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the test part says.

    Attributes
    ----------
    rate, mean_propensity : float
        Share of rows with the outcome, and what the model said on average.
    log_loss, base_log_loss, brier : float
        Mean per row, in nats; `base_log_loss` is that of one probability for all, the fitting part's rate.
    auc : float or None
        Area under the ROC curve; None where all rows are of one class.
    average_precision : float or None
        Area under the curve of precision over recall, in steps; None where all rows are of one class.
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
        Of the rows the model was fitted on, in (0, 1).
    """
    slope, slope_error, intercept = calibration_line(propensity, label)
    both = 0 < label.sum() < len(label)
    return Metrics(
        rows=len(label),
        rate=float(label.mean()),
        mean_propensity=float(propensity.mean()),
        log_loss=float(log_loss(label, propensity, labels=[False, True])),
        base_log_loss=float(log_losses(np.full(len(label), base_rate), label).mean()),
        brier=float(brier_score_loss(label, propensity, pos_label=True)),
        auc=float(roc_auc_score(label, propensity)) if both else None,
        average_precision=float(average_precision_score(label, propensity)) if both else None,
        calibration_error=calibration_error(propensity, label),
        slope=slope,
        slope_error=slope_error,
        intercept=intercept,
    )


def log_losses(propensity: Floats, label: Labels) -> Floats:
    """Log-loss of each row, in nats, shape (n,)."""
    return -np.where(label, np.log(propensity), np.log1p(-propensity))


def calibration_error(propensity: Floats, label: Labels, bins: int = _BINS) -> float:
    """Root mean square distance between stated and realised probability, without what chance adds to it.

    The debiased estimator of Kumar, Liang and Ma, "Verified uncertainty calibration" (NeurIPS 2019), on bins of
    equal mass: from each bin's squared gap it takes the variance that a rate of so few rows has anyway. Equal
    probabilities stay in one bin, so there can be fewer bins than asked for.

    Returns
    -------
    float
        In probability, at least 0: a negative estimate means that nothing can be seen beyond chance.
    """
    place = bin_indices(propensity, bins)
    return float(_debiased(place, propensity, label[None, :])[0])


def calibration_error_by_chance(propensity: Floats, quantile: float, seed: int = 0, draws: int = 200) -> float:
    """A quantile of the calibration error that the same probabilities would show if they were all true."""
    generator = np.random.default_rng(seed)
    drawn = np.stack([generator.random(len(propensity)) < propensity for _ in range(draws)])
    return float(np.quantile(_debiased(bin_indices(propensity, _BINS), propensity, drawn), quantile))


def _debiased(place: NDArray[np.int64], propensity: Floats, labels: NDArray[np.bool_]) -> Floats:
    """Calibration errors of several sets of labels for the same rows, shape (sets,)."""
    count = np.bincount(place)
    stated = np.bincount(place, propensity) / count
    rate = np.stack([np.bincount(place, one, len(count)) for one in labels]) / count
    judged = count > 1
    chance = rate[:, judged] * (1.0 - rate[:, judged]) / (count[judged] - 1)
    squares = (rate[:, judged] - stated[judged]) ** 2 - chance
    weight = count[judged] / max(count[judged].sum(), 1)
    errors: Floats = np.sqrt(np.maximum(squares @ weight, 0.0))
    return errors


def calibration_line(propensity: Floats, label: Labels) -> tuple[float, float, float]:
    """Slope, its standard error, and intercept of the outcome's logistic regression on the stated log-odds.

    A slope below 1 means that the model is too bold, above 1 that it is too timid (Cox, "Two further applications
    of a model for binary regression", Biometrika 45, 1958). Where fewer than ten rows are of either class, all say the
    same, or a probability parts them perfectly, nothing can be told: slope 1 with an infinite error.
    """
    stated = np.log(propensity) - np.log1p(-propensity)
    positives = int(label.sum())
    if min(positives, len(label) - positives) < _LEAST_OF_A_KIND or np.ptp(stated) == 0.0:
        return _UNTOLD
    design = np.stack([stated, np.ones_like(stated)], axis=1)
    counted = BinnedRows(np.zeros(len(label), dtype=np.int64), stated, np.ones_like(stated), label.astype(np.float64))
    slope, intercept = fit_logistic(design, counted, np.zeros_like(stated))
    p = expit(slope * stated + intercept)
    weight = p * (1.0 - p)
    # What the slope's data tell of it, once the intercept has taken its share.
    information = float(weight @ stated**2) - float(weight @ stated) ** 2 / max(float(weight.sum()), _SEPARABLE)
    if information < _SEPARABLE:
        return _UNTOLD
    return float(slope), float(1.0 / np.sqrt(information)), float(intercept)
