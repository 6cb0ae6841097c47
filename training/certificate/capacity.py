"""What a number of people can look at: the threshold that gives them so many cases a day, and what that buys.

Cases go to people by confidence, the least sure first, which is what the threshold of the policy does.
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
_BUSY = 0.9


@dataclass(frozen=True, slots=True)
class CapacityPoint:
    """One threshold, read as work for people.

    Attributes
    ----------
    capacity : float
        Review cases that people can settle a day.
    threshold : float
        The largest confidence to ask for that gives no more cases a day on average, in [0, 1].
    reviews_a_day, busy_day : float
        Cases on an average day, and on a day busier than nine in ten.
    acts_a_day : float
        Acts and cases together.
    automated : float
        Share of these that heed makes by itself.
    per_review : float
        What an act that goes to review is expected to be worth less than the best that could be done, hold included: at
        most so much a person can gain by choosing better, in the catalogue's currency. 0 where there are no cases.
    gained_a_day : float
        The same of all cases of a day.
    caught : float
        Share of all that is expected to be lost by acts which lies in those that go to review.
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
    """Recorded moments at which heed would act, as they came day by day.

    Attributes
    ----------
    confidence, shortfall : array of float, shape (n,)
        How sure each act is, and what it is expected to be worth less than the best.
    day : array of int, shape (n,)
        Number of its day.
    days : int
        How many days were recorded, those without an act among them.
    share : float
        Share of all decisions of these days that were recorded here, in (0, 1].
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
        Of every decision, those to hold among them: they tell how many days were recorded.

    Raises
    ------
    InvalidInput
        If there is no decision.
    """
    if len(day) == 0:
        raise InvalidInput("no recorded decision to read a capacity from", field="data", remedy="give more contacts")
    days = int(day.max() - day.min()) + 1
    return ActFlow(confidence[acts], shortfall[acts], day[acts] - day.min(), days, share)


def recorded_flow(eval_data: EvalData, share: float = 1.0) -> ActFlow:
    """The acts that heed would have made at recorded moments, by days of UTC.

    Parameters
    ----------
    share : float
        Share of all decisions of these days that the material holds, in (0, 1].
    """
    at = eval_data.data.contacts["at"].to_numpy(dtype="datetime64[us]")[eval_data.rows]
    day = at.astype("datetime64[D]").astype(np.int64)
    made = eval_data.choices
    return act_flow(made.confidence, eval_data.acts, made.shortfall, day, share)


def capacity(given: ActFlow, a_day: float) -> CapacityPoint:
    """What `a_day` review cases a day mean.

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
        raise InvalidInput("nobody can settle fewer cases than none", field="capacity", value=a_day, remedy=remedy)
    most = a_day * given.days * given.share
    levels, counts = np.unique(given.confidence, return_counts=True)
    below = np.concatenate([[0], np.cumsum(counts)])
    # The acts that go to review at each level are those below it; beyond the last level is certainty itself.
    thresholds = np.concatenate([levels, [1.0]])
    return _reading(given, a_day, float(thresholds[below <= most][-1]))


def capacity_curve(given: ActFlow, capacities: Sequence[float] = ()) -> tuple[CapacityPoint, ...]:
    """Readings from nobody to people for every act, in equal steps, and those of the capacities named."""
    acts = len(given.confidence) / given.days / given.share
    steps = [acts * step / _STEPS for step in range(_STEPS + 1)]
    return tuple(capacity(given, one) for one in sorted({*steps, *capacities}))


def _reading(given: ActFlow, a_day: float, threshold: float) -> CapacityPoint:
    mine = given.confidence < threshold
    scale = 1.0 / (given.days * given.share)
    reviews, acts = int(mine.sum()), len(mine)
    lost, caught = float(given.shortfall.sum()), float(given.shortfall[mine].sum())
    by_day = np.bincount(given.day[mine], minlength=given.days) / given.share
    return CapacityPoint(
        capacity=a_day,
        threshold=threshold,
        reviews_a_day=reviews * scale,
        busy_day=float(np.quantile(by_day, _BUSY)),
        acts_a_day=acts * scale,
        automated=1.0 - reviews / acts if acts else 1.0,
        per_review=caught / reviews if reviews else 0.0,
        gained_a_day=caught * scale,
        caught=caught / lost if lost else 0.0,
    )
