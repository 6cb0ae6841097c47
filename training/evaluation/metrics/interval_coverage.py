"""Whether intervals hold what they say: against a known truth, and where only outcomes are known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import bin_indices, equal_mass_bins, wilson_interval


@dataclass(frozen=True, slots=True)
class IntervalCoverage:
    """How often intervals held the truth.

    Attributes
    ----------
    group : str
        Which rows.
    share, low, high : float
        Share of intervals that held it, with its 95 % interval.
    width : float
        Mean width of the intervals.
    """

    group: str
    rows: int
    share: float
    low: float
    high: float
    width: float


@dataclass(frozen=True, slots=True)
class IntervalAgreement:
    """Groups of equally many rows whose stated interval met what happened.

    Attributes
    ----------
    met, count : int
    missed : tuple of int
        Places of the groups that did not, counted from 0 by rising probability.
    """

    met: int
    count: int
    missed: tuple[int, ...]


def coverage(low: Floats, high: Floats, truth: Floats, group: str = "all") -> IntervalCoverage:
    """Share of n intervals, ends included, that hold their true value; n at least 1."""
    held = (low <= truth) & (truth <= high)
    ends = wilson_interval(np.array([float(held.sum())]), np.array([len(held)]))
    return IntervalCoverage(
        group, len(held), float(held.mean()), float(ends[0][0]), float(ends[1][0]), float(np.mean(high - low))
    )


def coverage_by_decile(low: Floats, high: Floats, truth: Floats, stated: Floats) -> tuple[IntervalCoverage, ...]:
    """Coverage in tenths of the rows by rising `stated`, which may be the propensity or a sign of scarce data."""
    return coverage_by_group(low, high, truth, np.char.add("tenth ", np.char.mod("%02d", bin_indices(stated, 10) + 1)))


def coverage_by_group(
    low: Floats, high: Floats, truth: Floats, group: NDArray[np.str_]
) -> tuple[IntervalCoverage, ...]:
    """Coverage in each group, shape of `group` (n,), in the order of their names."""
    found = []
    for name in np.unique(group):
        mine = group == name
        found.append(coverage(low[mine], high[mine], truth[mine], str(name)))
    return tuple(found)


def bands(propensity: Floats, low: Floats, high: Floats, label: NDArray[np.bool_], bins: int = 10) -> IntervalAgreement:
    """Reliability groups in which the mean stated interval meets the 95 % interval of the realised rate.

    A weak test, the only one that outcomes allow: intervals that are far too wide pass it.
    """
    place = bin_indices(propensity, bins)
    grouped = equal_mass_bins(propensity, label, bins)
    stated_low, stated_high = (np.bincount(place, ends) / grouped.count for ends in (low, high))
    met = (stated_low <= grouped.high) & (grouped.low <= stated_high)
    return IntervalAgreement(int(met.sum()), len(met), tuple(int(one) for one in np.flatnonzero(~met)))
