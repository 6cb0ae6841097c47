"""Coverage of intervals: against a known truth, and against outcomes only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import bin_indices, equal_mass_bins, wilson_interval


@dataclass(frozen=True, slots=True)
class IntervalCoverage:
    """How often intervals contained the truth.

    Attributes
    ----------
    group : str
        Which rows.
    share, low, high : float
        Share of intervals that contained it, with its 95 % interval.
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
    """Bins of equally many rows whose mean interval meets the realized rate.

    Attributes
    ----------
    met, count : int
    missed : tuple of int
        Indices of the bins that did not, by rising probability.
    """

    met: int
    count: int
    missed: tuple[int, ...]


def coverage(low: Floats, high: Floats, truth: Floats, group: str = "all") -> IntervalCoverage:
    """Share of n closed intervals that contain their true value; n at least 1."""
    covered = (low <= truth) & (truth <= high)
    ends = wilson_interval(np.array([float(covered.sum())]), np.array([len(covered)]))
    return IntervalCoverage(
        group, len(covered), float(covered.mean()), float(ends[0][0]), float(ends[1][0]), float(np.mean(high - low))
    )


def coverage_by_decile(low: Floats, high: Floats, truth: Floats, stated: Floats) -> tuple[IntervalCoverage, ...]:
    """Coverage in tenths of the rows by rising `stated`, such as the propensity."""
    return coverage_by_group(low, high, truth, np.char.add("tenth ", np.char.mod("%02d", bin_indices(stated, 10) + 1)))


def coverage_by_group(
    low: Floats, high: Floats, truth: Floats, group: NDArray[np.str_]
) -> tuple[IntervalCoverage, ...]:
    """Coverage in each group, sorted by name; `group` has shape (n,)."""
    groups = []
    for name in np.unique(group):
        mine = group == name
        groups.append(coverage(low[mine], high[mine], truth[mine], str(name)))
    return tuple(groups)


def interval_agreement(
    propensity: Floats, low: Floats, high: Floats, label: NDArray[np.bool_], bins: int = 10
) -> IntervalAgreement:
    """Bins in which the mean predicted interval meets the 95 % interval of the realized rate.

    It is the only test that outcomes allow, and a weak one: intervals that are far too wide pass it.
    """
    index = bin_indices(propensity, bins)
    grouped = equal_mass_bins(propensity, label, bins)
    stated_low, stated_high = (np.bincount(index, ends) / grouped.count for ends in (low, high))
    met = (stated_low <= grouped.high) & (grouped.low <= stated_high)
    return IntervalAgreement(int(met.sum()), len(met), tuple(int(bin_) for bin_ in np.flatnonzero(~met)))
