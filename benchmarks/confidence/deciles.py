"""Means over groups of moments, and how sure they are where customers have many moments, and worlds many customers.

What a world's actions appeal to is drawn once, so a model that misjudges one of them does so for all customers alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import bin_indices

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
WORLD = 10_000_000
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Group:
    """Moments grouped by what was said of them.

    Attributes
    ----------
    name : str
    rows : int
    stated, true : float
        What was said on the average, and what is so.
    half : float
        Half width of the 95 % interval of their difference; see :func:`clustered_half`.
    """

    name: str
    rows: int
    stated: float
    true: float
    half: float

    @property
    def gap(self) -> float:
        """How much too much was said."""
        return self.stated - self.true


def cluster_of(world: int, customers: Ints) -> Ints:
    """Numbers of customers that no two worlds share."""
    return world * WORLD + customers


def clustered_half(values: Floats, cluster: Ints) -> float:
    """Half width of the 95 % interval of the mean of n values, all moments of a customer being one piece of evidence.

    It is never narrower than what worlds show, each as one piece of evidence, where there are several. Infinite where
    there is but one customer.
    """
    half = _half(values, cluster)
    world = cluster // WORLD
    return half if world.min() == world.max() else max(half, _half(values, world))


def _half(values: Floats, cluster: Ints) -> float:
    """Huber's sandwich, with Student's quantile for that few clusters."""
    code = np.unique(cluster, return_inverse=True)[1].reshape(-1)
    totals = np.bincount(code, values - values.mean())
    count = len(totals)
    if count < 2:
        return float("inf")
    return float(student.ppf(0.975, count - 1) * np.sqrt((totals**2).sum() * count / (count - 1)) / len(values))


def group(name: str, stated: Floats, true: Floats, cluster: Ints) -> Group:
    """One group of n moments, n at least 1."""
    half = clustered_half(stated - true, cluster)
    return Group(name, len(stated), float(stated.mean()), float(true.mean()), half)


def deciles(stated: Floats, true: Floats, cluster: Ints, least: int = 1) -> tuple[Group, ...]:
    """Tenths by rising `stated`, rows of equal `stated` together.

    Where rows are few there are fewer groups than ten. Groups of fewer than `least` rows are left out, unless all are.
    """
    place = bin_indices(stated, max(1, min(10, len(stated) // least)))
    found = []
    for number in range(int(place.max()) + 1):
        mine = place == number
        found.append(group(f"{number + 1}", stated[mine], true[mine], cluster[mine]))
    return tuple(one for one in found if one.rows >= least) or tuple(found)


def largest_gap(groups: Sequence[Group]) -> Group:
    """The group in which what was said is furthest from what is so."""
    return max(groups, key=lambda one: abs(one.gap))


def gap_by_chance(groups: Sequence[Group], draws: int = 4_000) -> float:
    """The largest gap that groups this uncertain show on the average where all that is said is true."""
    errors = np.array([one.half for one in groups]) / _Z95
    return float(np.abs(np.random.default_rng(0).standard_normal((draws, len(groups))) * errors).max(axis=1).mean())
