"""Whether probabilities are as true for each segment as they are for all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.attribute_groups import Texts, group_order
from heed.training.evaluation.metrics.bins import wilson_interval
from heed.training.evaluation.metrics.estimate import Z95, Estimate, Ints, mean
from heed.training.evaluation.metrics.probability_scores import calibration_error, calibration_error_by_chance

# Below this a rate is an anecdote.
LEAST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Segment:
    """One group of contacts.

    Attributes
    ----------
    propensity : float
        Mean probability stated for what was done.
    rate : Estimate
        Share with the outcome.
    gap : Estimate
        Realised rate less mean probability; an interval without 0 says that the group is misjudged.
    calibration_error, by_chance : float
        See :func:`heed.training.evaluation.metrics.probability_scores.calibration_error`, and what 19 in 20 would stay
        below if every probability were true.
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
        """Whether more than chance, at 95 %, parts what was said from what happened."""
        return self.rows >= LEAST_ROWS and not self.gap.holds(0.0)


@dataclass(frozen=True, eq=False)
class ClusteredPredictions:
    """What was said of contacts, and what happened; every array of shape (n,).

    Attributes
    ----------
    cluster : array of int
        Whose contact it is.
    """

    propensity: Floats
    label: NDArray[np.bool_]
    cluster: Ints


def segments(group: Texts, said: ClusteredPredictions, seed: int = 0) -> tuple[Segment, ...]:
    """The segments of one attribute, in the order in which people list them."""
    return tuple(_segment(name, group == name, said, seed) for name in group_order(group))


def _segment(name: str, mine: NDArray[np.bool_], said: ClusteredPredictions, seed: int) -> Segment:
    propensity, label = said.propensity[mine], said.label[mine]
    return Segment(
        name=name,
        rows=int(mine.sum()),
        propensity=float(propensity.mean()),
        rate=share_estimate(label),
        gap=_gap(propensity, label, said.cluster[mine]),
        calibration_error=calibration_error(propensity, label),
        by_chance=calibration_error_by_chance(propensity, 0.95, seed, draws=100),
    )


def _gap(propensity: Floats, label: NDArray[np.bool_], cluster: Ints) -> Estimate:
    """Realised rate less mean probability.

    The error is what rows and customers show, and at least what the probabilities themselves allow: where an outcome is
    so rare that none happened, the rows would show none.
    """
    found = mean(label - propensity).estimate(cluster)
    allowed = float(np.sqrt(np.sum(propensity * (1.0 - propensity)))) / len(label)
    reach = Z95 * float(np.fmax(found.error, allowed))
    return Estimate(found.value, found.value - reach, found.value + reach, len(label))


def share_estimate(flags: NDArray[np.bool_]) -> Estimate:
    """Share of rows for which something holds, with Wilson's interval."""
    low, high = wilson_interval(np.array([float(flags.sum())]), np.array([len(flags)]))
    return Estimate(float(flags.mean()), float(low[0]), float(high[0]), len(flags))
