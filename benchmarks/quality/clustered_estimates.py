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
class WeightedRows:
    """What the rows of one seed's test part say of a policy.

    Attributes
    ----------
    chance : array of float, shape (n, actions + 1)
        Probability with which the policy takes each action, and holds, which comes last.
    taken : array of int, shape (n,)
        What was done; `hold` is the number of actions.
    label : array of bool, shape (n,)
        Whether the outcome happened.
    logged : array of float, shape (n,)
        Probability with which the logging policy took what it took.
    value, cost : array of float, shape (actions,)
        Of each action.
    """

    chance: Floats
    taken: Ints
    label: Bools
    logged: Floats
    value: Floats
    cost: Floats

    @property
    def hold(self) -> int:
        """The place of hold, after the last action."""
        return len(self.value)

    @property
    def acts(self) -> Floats:
        """Probability of not holding, shape (n,)."""
        return np.asarray(1.0 - self.chance[:, self.hold])

    @property
    def weight(self) -> Floats:
        """How much likelier the policy makes what was done than it was, shape (n,)."""
        return np.asarray(self.chance[np.arange(len(self.taken)), self.taken] / self.logged)

    @property
    def earned(self) -> Floats:
        """What was done was worth, less its cost, shape (n,); 0 where it was hold."""
        worth = np.append(self.value, 0.0)[self.taken] * self.label
        return np.asarray(worth - np.append(self.cost, 0.0)[self.taken])

    @property
    def anyway(self) -> Floats:
        """What the policy would have had for nothing where the outcome came under hold, shape (n,)."""
        return np.asarray((self.taken == self.hold) * (self.chance[:, : self.hold] @ self.value) * self.label)


def one_hot(choice: Ints, actions: int) -> Floats:
    """A policy that takes these actions for sure, shape (n, actions + 1); hold is the number of actions."""
    return np.eye(actions + 1)[choice]


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


def jackknife(measure: Measure, clusters: Sequence[Ints]) -> Estimate:
    """Mean over seeds of any figure of rows, its error by leaving out one of 25 blocks of clusters at a time."""
    whole = np.array([measure(seed, np.ones(len(one), dtype=np.bool_)) for seed, one in enumerate(clusters)])
    without = [
        np.mean([measure(seed, one % _BLOCKS != block) for seed, one in enumerate(clusters)])
        for block in range(_BLOCKS)
    ]
    spread = float(np.var(without)) * (_BLOCKS - 1)
    return Estimate(float(whole.mean()), float(np.sqrt(max(spread, _between(whole)))))


def rates(rows: WeightedRows) -> Floats:
    """What each row adds to the policy's outcome rate, by inverse propensity; shape (n,), its mean is the rate."""
    return rows.weight * rows.label


def gains(rows: WeightedRows) -> Floats:
    """What each row adds to the policy's worth over holding, by inverse propensity; shape (n,).

    A contact is worth its value if the outcome happens, less its cost, less its value wherever the outcome would have
    happened anyway, which is seen among rows that were held. Holding gains 0.
    """
    return rows.weight * rows.earned - rows.anyway / rows.logged


def normalised_rate(rows: WeightedRows, kept: Bools) -> float:
    """The policy's outcome rate among the `kept` rows with weights that sum to one (Hajek)."""
    return _weighted(rows.label.astype(np.float64), rows.weight * kept)


def normalised_gain(rows: WeightedRows, kept: Bools) -> float:
    """The policy's worth over holding among the `kept` rows with weights that sum to one, per row."""
    done = (rows.taken != rows.hold) & kept
    earned = _weighted(rows.earned, rows.weight * done)
    held = ~done & kept
    weight = rows.acts * held / rows.logged
    total = float(weight.sum())
    anyway = float((rows.anyway * held / rows.logged).sum()) / total if total else 0.0
    return float(rows.acts[kept].mean()) * (earned - anyway)


def _weighted(values: Floats, weights: Floats) -> float:
    total = float(weights.sum())
    return float(values @ weights) / total if total else 0.0


def _between(means: Floats) -> float:
    """Variance of the mean over seeds, as the seeds show it."""
    return float(np.var(means, ddof=1)) / len(means) if len(means) > 1 else 0.0
