"""Calibration by segment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.attribute_groups import Texts, group_order
from heed.training.evaluation.metrics.bins import wilson_interval
from heed.training.evaluation.metrics.estimate import Z95, Estimate, Ints, mean
from heed.training.evaluation.metrics.probability_scores import calibration_error, calibration_error_by_chance

# Smaller segments are never called miscalibrated.
MIN_ROWS = 100


@dataclass(frozen=True, slots=True)
class Segment:
    """One group of contacts.

    Attributes
    ----------
    propensity : float
        Mean prediction for the action taken.
    rate : Estimate
        Share with the outcome.
    gap : Estimate
        Realized rate minus mean prediction; the segment is miscalibrated if the interval excludes 0.
    calibration_error, by_chance : float
        See :func:`heed.training.evaluation.metrics.probability_scores.calibration_error`; `by_chance` is its 95 %
        quantile under perfect calibration.
    """

    name: str
    rows: int
    propensity: float
    rate: Estimate
    gap: Estimate
    calibration_error: float
    by_chance: float

    @property
    def miscalibrated(self) -> bool:
        """Whether prediction and realized rate differ significantly, at 95 %."""
        return self.rows >= MIN_ROWS and not self.gap.holds(0.0)


@dataclass(frozen=True, eq=False)
class ClusteredPredictions:
    """Predictions and labels with their clusters; every array of shape (n,).

    Attributes
    ----------
    cluster : array of int
        Customer, or group of dependent customers.
    """

    propensity: Floats
    label: NDArray[np.bool_]
    cluster: Ints


def segment_metrics(group: Texts, predictions: ClusteredPredictions, seed: int = 0) -> tuple[Segment, ...]:
    """The segments of one attribute, in display order."""
    return tuple(_segment(name, group == name, predictions, seed) for name in group_order(group))


def _segment(name: str, mine: NDArray[np.bool_], predictions: ClusteredPredictions, seed: int) -> Segment:
    propensity, label = predictions.propensity[mine], predictions.label[mine]
    return Segment(
        name=name,
        rows=int(mine.sum()),
        propensity=float(propensity.mean()),
        rate=share_estimate(label),
        gap=_gap(propensity, label, predictions.cluster[mine]),
        calibration_error=calibration_error(propensity, label),
        by_chance=calibration_error_by_chance(propensity, 0.95, seed, draws=100),
    )


def _gap(propensity: Floats, label: NDArray[np.bool_], cluster: Ints) -> Estimate:
    """Realized rate minus mean prediction.

    The error is at least that of the predicted probabilities: rows without any outcome would show none.
    """
    gap = mean(label - propensity).estimate(cluster)
    expected = float(np.sqrt(np.sum(propensity * (1.0 - propensity)))) / len(label)
    half_width = Z95 * float(np.fmax(gap.error, expected))
    return Estimate(gap.value, gap.value - half_width, gap.value + half_width, len(label))


def share_estimate(flags: NDArray[np.bool_]) -> Estimate:
    """Share of true flags, with its Wilson interval."""
    low, high = wilson_interval(np.array([float(flags.sum())]), np.array([len(flags)]))
    return Estimate(float(flags.mean()), float(low[0]), float(high[0]), len(flags))
