"""Means, differences and policy values with honest intervals.

Rows of one customer, household or block of households are alike, and the same customers come up in the test parts of
several seeds. Errors are therefore taken over clusters, across all seeds at once, and never below what the seeds
themselves show: a cluster's errors know nothing of the chance in training.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# What a measure makes of the rows (a mask) of one seed (its place).
Measure = Callable[[int, Bools], float]

_Z95 = 1.959964
_BLOCKS = 25


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its standard error."""

    value: float
    error: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - _Z95 * self.error

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + _Z95 * self.error


@dataclass(frozen=True, slots=True)
class Weighing:
    """What the rows of one seed's test part say of a policy.

    Attributes
    ----------
    choice, taken : array of int, shape (n,)
        The action that the policy takes and the one that was taken; `hold` is the number of actions.
    label : array of bool, shape (n,)
        Whether the outcome happened.
    logged : array of float, shape (n,)
        Probability with which the logging policy took what it took.
    value, cost : array of float, shape (actions,)
        Of each action.
    """

    choice: Ints
    taken: Ints
    label: Bools
    logged: Floats
    value: Floats
    cost: Floats

    @property
    def hold(self) -> int:
        """The place of hold, after the last action."""
        return len(self.value)


def clustered_mean(values: Sequence[Floats], clusters: Sequence[Ints]) -> Estimate:
    """Mean over seeds of the mean over rows.

    Parameters
    ----------
    values : sequence of array, shape (n,) each
        One per seed.
    clusters : sequence of array of int
        The cluster of each row; the same number in two seeds means the same people.
    """
    means = np.array([one.mean() for one in values])
    influence = np.concatenate([(one - mean) / len(one) / len(values) for one, mean in zip(values, means, strict=True)])
    _, code = np.unique(np.concatenate(list(clusters)), return_inverse=True)
    totals = np.bincount(code, influence)
    sampling = float((totals**2).sum()) * len(totals) / max(len(totals) - 1, 1)
    return Estimate(float(means.mean()), float(np.sqrt(max(sampling, _between(means)))))


def jackknifed(measure: Measure, clusters: Sequence[Ints]) -> Estimate:
    """Mean over seeds of any figure of rows, its error by leaving out one of 25 blocks of clusters at a time."""
    whole = np.array([measure(seed, np.ones(len(one), dtype=np.bool_)) for seed, one in enumerate(clusters)])
    without = [
        np.mean([measure(seed, one % _BLOCKS != block) for seed, one in enumerate(clusters)])
        for block in range(_BLOCKS)
    ]
    spread = float(np.var(without)) * (_BLOCKS - 1)
    return Estimate(float(whole.mean()), float(np.sqrt(max(spread, _between(whole)))))


def rate_weights(rows: Weighing) -> Floats:
    """One over the logged probability where the policy takes what was taken, else 0; shape (n,)."""
    return np.where(rows.choice == rows.taken, 1.0 / rows.logged, 0.0)


def rates(rows: Weighing) -> Floats:
    """What each row adds to the policy's outcome rate, by inverse propensity; shape (n,), its mean is the rate."""
    return rate_weights(rows) * rows.label


def gains(rows: Weighing) -> Floats:
    """What each row adds to the policy's worth over holding, by inverse propensity; shape (n,).

    A contact is worth its value if the outcome happens, less its cost, less its value wherever the outcome would have
    happened anyway, which is seen among rows that were held. Holding gains 0.
    """
    acts = rows.choice != rows.hold
    value, cost = np.append(rows.value, 0.0)[rows.choice], np.append(rows.cost, 0.0)[rows.choice]
    earned = (rows.choice == rows.taken) * (value * rows.label - cost)
    anyway = (rows.taken == rows.hold) * value * rows.label
    return np.where(acts, (earned - anyway) / rows.logged, 0.0)


def normalised_rate(rows: Weighing, kept: Bools) -> float:
    """The policy's outcome rate among the `kept` rows with weights that sum to one (Hajek)."""
    return _weighted(rows.label.astype(np.float64), rate_weights(rows) * kept)


def normalised_gain(rows: Weighing, kept: Bools) -> float:
    """The policy's worth over holding among the `kept` rows with weights that sum to one, per row."""
    value, cost = np.append(rows.value, 0.0)[rows.choice], np.append(rows.cost, 0.0)[rows.choice]
    acts = (rows.choice != rows.hold) & kept
    earned = _weighted(value * rows.label - cost, rate_weights(rows) * acts)
    anyway = _weighted(value * rows.label, (rows.taken == rows.hold) * acts / rows.logged)
    return float(acts.sum() / max(kept.sum(), 1)) * (earned - anyway)


def _weighted(values: Floats, weights: Floats) -> float:
    total = float(weights.sum())
    return float(values @ weights) / total if total else 0.0


def _between(means: Floats) -> float:
    """Variance of the mean over seeds, as the seeds show it."""
    return float(np.var(means, ddof=1)) / len(means) if len(means) > 1 else 0.0
