"""Review capacity: the threshold that yields so many reviews a day, and the value they add.

The least confident acts are reviewed first, as the threshold of the policy does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.errors import InvalidInput
from heed.decisioning.score import Floats
from heed.training.evaluation.eval_data import EvalData
from heed.training.features.window_kernel import Ints

Bools = NDArray[np.bool_]
_STEPS = 10
_BUSY_QUANTILE = 0.9


@dataclass(frozen=True, slots=True)
class CapacityPoint:
    """One threshold and its reviews.

    Attributes
    ----------
    capacity : float
        Reviews that people can do a day.
    threshold : float
        Highest threshold with no more reviews a day on average, in [0, 1].
    reviews_a_day, busy_day : float
        Reviews on an average day, and at the 90th percentile of days.
    acts_a_day : float
        Acts a day, reviewed ones included.
    automated : float
        Share of acts without review.
    per_review : float
        Expected shortfall of a reviewed act against the best alternative, hold included, in the catalogue's currency:
        an upper bound on what a review adds. 0 without reviews.
    gained_a_day : float
        The same for all reviews of a day.
    caught : float
        Share of the total expected shortfall that is in reviewed acts.
    """

    capacity: float
    threshold: float
    reviews_a_day: float
    busy_day: float
    acts_a_day: float
    automated: float
    per_review: float
    gained_a_day: float
    caught: float


@dataclass(frozen=True, eq=False)
class ActFlow:
    """Recorded decisions to act, by day.

    Attributes
    ----------
    confidence, shortfall : array of float, shape (n,)
        Confidence of each act, and its expected shortfall.
    day : array of int, shape (n,)
        Day number.
    days : int
        Number of recorded days, including those without an act.
    share : float
        Share of all decisions of these days that is recorded here, in (0, 1].
    """

    confidence: Floats
    shortfall: Floats
    day: Ints
    days: int
    share: float = 1.0


def act_flow(confidence: Floats, acts: Bools, shortfall: Floats, day: Ints, share: float = 1.0) -> ActFlow:
    """The acts among recorded decisions.

    Parameters
    ----------
    confidence, acts, shortfall, day : array, shape (n,)
        Of every decision, holds included: they define the number of recorded days.

    Raises
    ------
    InvalidInput
        If there are no decisions.
    """
    if len(day) == 0:
        raise InvalidInput(
            "no recorded decisions to compute a capacity from", field="data", remedy="give more contacts"
        )
    days = int(day.max() - day.min()) + 1
    return ActFlow(confidence[acts], shortfall[acts], day[acts] - day.min(), days, share)


def recorded_flow(eval_data: EvalData, share: float = 1.0) -> ActFlow:
    """The acts that heed would have made at recorded contacts, by UTC day.

    Parameters
    ----------
    share : float
        Share of all decisions of these days that is in the evaluation data, in (0, 1].
    """
    at = eval_data.data.contacts["at"].to_numpy(dtype="datetime64[us]")[eval_data.rows]
    day = at.astype("datetime64[D]").astype(np.int64)
    choices = eval_data.choices
    return act_flow(choices.confidence, eval_data.acts, choices.shortfall, day, share)


def capacity_point(flow: ActFlow, a_day: float) -> CapacityPoint:
    """The threshold for `a_day` reviews a day.

    Parameters
    ----------
    a_day : float
        At least 0.

    Raises
    ------
    InvalidInput
        If it is below 0.
    """
    if not a_day >= 0.0:
        remedy = "give 0 or more"
        raise InvalidInput("a capacity cannot be negative", field="capacity", value=a_day, remedy=remedy)
    most = a_day * flow.days * flow.share
    levels, counts = np.unique(flow.confidence, return_counts=True)
    below = np.concatenate([[0], np.cumsum(counts)])
    # Acts below a level go to review; the last threshold reviews them all.
    thresholds = np.concatenate([levels, [1.0]])
    return _point_at(flow, a_day, float(thresholds[below <= most][-1]))


def capacity_curve(flow: ActFlow, capacities: Sequence[float] = ()) -> tuple[CapacityPoint, ...]:
    """Points from no review to reviewing every act, in equal steps, and those of the given capacities."""
    acts = len(flow.confidence) / flow.days / flow.share
    steps = [acts * step / _STEPS for step in range(_STEPS + 1)]
    return tuple(capacity_point(flow, value) for value in sorted({*steps, *capacities}))


def _point_at(flow: ActFlow, a_day: float, threshold: float) -> CapacityPoint:
    mine = flow.confidence < threshold
    scale = 1.0 / (flow.days * flow.share)
    reviews, acts = int(mine.sum()), len(mine)
    lost, caught = float(flow.shortfall.sum()), float(flow.shortfall[mine].sum())
    by_day = np.bincount(flow.day[mine], minlength=flow.days) / flow.share
    return CapacityPoint(
        capacity=a_day,
        threshold=threshold,
        reviews_a_day=reviews * scale,
        busy_day=float(np.quantile(by_day, _BUSY_QUANTILE)),
        acts_a_day=acts * scale,
        automated=1.0 - reviews / acts if acts else 1.0,
        per_review=caught / reviews if reviews else 0.0,
        gained_a_day=caught * scale,
        caught=caught / lost if lost else 0.0,
    )
