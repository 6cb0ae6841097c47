"""Whether groups of customers are treated alike: who is contacted, and whether probabilities are as true for each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.training.evaluation.attribute_groups import Texts
from heed.training.evaluation.metrics.estimate import Estimate
from heed.training.evaluation.metrics.segments import (
    LEAST_ROWS,
    ClusteredPredictions,
    Segment,
    segments,
    share_estimate,
)

FOUR_FIFTHS = 0.8


@dataclass(frozen=True, slots=True)
class GroupFairness:
    """One group of customers.

    Attributes
    ----------
    selection : Estimate
        Share of decisions in which heed would contact, before any guardrail.
    """

    segment: Segment
    selection: Estimate


@dataclass(frozen=True, slots=True)
class AttributeFairness:
    """The groups of one attribute.

    Attributes
    ----------
    rate_ratio : float or None
        Lowest selection rate over the highest, among groups of at least 100 rows. Below four fifths, the rule of thumb
        of the US Uniform Guidelines (29 CFR 1607.4 D) speaks of adverse impact. None where fewer than two groups are
        large enough, or nobody is contacted.
    lowest, highest : str or None
    """

    attribute: str
    groups: tuple[GroupFairness, ...]
    rate_ratio: float | None
    lowest: str | None
    highest: str | None


def fairness(
    attribute: str, group: Texts, said: ClusteredPredictions, acts: NDArray[np.bool_], seed: int = 0
) -> AttributeFairness:
    """The table of one attribute, groups in the order in which people list them.

    Parameters
    ----------
    acts : array of bool, shape (n,)
        Whether heed would contact.
    """
    groups = tuple(GroupFairness(one, share_estimate(acts[group == one.name])) for one in segments(group, said, seed))
    large = sorted((one.selection.value, one.segment.name) for one in groups if one.segment.rows >= LEAST_ROWS)
    if len(large) < 2 or large[-1][0] == 0.0:
        return AttributeFairness(attribute, groups, None, None, None)
    (least, lowest), (most, highest) = large[0], large[-1]
    return AttributeFairness(attribute, groups, least / most, lowest, highest)
