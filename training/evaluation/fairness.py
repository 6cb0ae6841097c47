"""Fairness between customer groups: selection rates and calibration."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.training.evaluation.attribute_groups import Texts
from heed.training.evaluation.metrics.estimate import Estimate
from heed.training.evaluation.metrics.segments import (
    MIN_ROWS,
    ClusteredPredictions,
    Segment,
    segment_metrics,
    share_estimate,
)

FOUR_FIFTHS = 0.8


@dataclass(frozen=True, slots=True)
class GroupFairness:
    """One group of customers.

    Attributes
    ----------
    selection : Estimate
        Share of decisions to contact, before any guardrail.
    """

    segment: Segment
    selection: Estimate


@dataclass(frozen=True, slots=True)
class AttributeFairness:
    """The groups of one attribute.

    Attributes
    ----------
    rate_ratio : float or None
        Lowest selection rate over the highest, among groups of at least 100 rows. Below 0.8, the rule of thumb of the
        US Uniform Guidelines (29 CFR 1607.4 D) indicates adverse impact. None where fewer than two groups are large
        enough, or nobody is contacted.
    lowest, highest : str or None
        The groups with these rates.
    """

    attribute: str
    groups: tuple[GroupFairness, ...]
    rate_ratio: float | None
    lowest: str | None
    highest: str | None


def attribute_fairness(
    attribute: str, group: Texts, predictions: ClusteredPredictions, acts: NDArray[np.bool_], seed: int = 0
) -> AttributeFairness:
    """Selection rates and calibration by the groups of one attribute, in display order.

    Parameters
    ----------
    acts : array of bool, shape (n,)
        Whether heed would contact.
    """
    groups = tuple(
        GroupFairness(segment, share_estimate(acts[group == segment.name]))
        for segment in segment_metrics(group, predictions, seed)
    )
    large = sorted((item.selection.value, item.segment.name) for item in groups if item.segment.rows >= MIN_ROWS)
    if len(large) < 2 or large[-1][0] == 0.0:
        return AttributeFairness(attribute, groups, None, None, None)
    (least, lowest), (most, highest) = large[0], large[-1]
    return AttributeFairness(attribute, groups, least / most, lowest, highest)
