"""Whether stated uplift comes true: contacts of an action beside customers who were knowingly left alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import bin_indices
from heed.training.evaluation.metrics.estimate import Estimate, InfluenceEstimate, Ints, weighted_mean
from heed.training.evaluation.uplift.qini import Curve, qini_by_chance, qini_curve, uplift_curve

ALL = "all"
_LEAST = 30
_FULL_TENTHS = 200


class UpliftMethod(StrEnum):
    """How the difference between contacted and held is found, by what is recorded of how contacts were chosen."""

    DIFFERENCE = "difference in means"
    WEIGHTED = "inverse propensity"
    ROBUST = "doubly robust"


@dataclass(frozen=True, eq=False)
class UpliftExperiment:
    """Rows of one action and of hold, or of several actions one after the other, each with all hold rows.

    Attributes
    ----------
    uplift, low, high : array of float, shape (n,)
        What the model says of the action for this customer then, whether it was taken or not.
    expected : array of float, shape (n,)
        Stated probability of the outcome under what was done.
    happened : array of float, shape (n,)
        1 where the outcome happened, else 0.
    treated : array of bool, shape (n,)
    weight : array of float, shape (n,)
        Of each action, treated and held weigh the same in total.
    cluster : array of int, shape (n,)
        Whose row it is.
    """

    uplift: Floats
    low: Floats
    high: Floats
    expected: Floats
    happened: Floats
    treated: NDArray[np.bool_]
    weight: Floats
    cluster: Ints
    method: UpliftMethod

    @property
    def tells(self) -> bool:
        """Whether both arms have rows enough to say anything."""
        return min(int(self.treated.sum()), int((~self.treated).sum())) >= _LEAST


@dataclass(frozen=True, slots=True)
class UpliftDecile:
    """A group of rows of about equal stated uplift."""

    treated: int
    held: int
    stated: float
    low: float
    high: float
    realised: Estimate


@dataclass(frozen=True, slots=True)
class UpliftResult:
    """How an action's uplift came true.

    Attributes
    ----------
    action : str
        ``all`` for all actions together.
    stated : float
        Mean of what the model said.
    realised : Estimate
        Over all rows.
    error : float
        Root mean square distance between stated and realised uplift over the tenths, less what chance adds.
    met : int
        Tenths whose stated interval meets the interval of what was realised.
    auuc : float
        Area under the uplift curve, in outcomes per contact; see
        :func:`heed.training.evaluation.uplift.qini.uplift_curve`.
    qini : Estimate
        Area beyond chance of the Qini curve, in outcomes per contact, with a bootstrap interval.
    curve : Curve
        The uplift curve at each fiftieth.
    """

    action: str
    method: UpliftMethod
    treated: int
    held: int
    stated: float
    realised: Estimate
    tenths: tuple[UpliftDecile, ...]
    error: float
    met: int
    auuc: float
    qini: Estimate
    curve: Curve


def arm_weights(treated: NDArray[np.bool_], logged: Floats) -> tuple[Floats, UpliftMethod]:
    """Weight of each row of one action's trial, both arms in total the same, and the method they are for.

    Parameters
    ----------
    logged : array of float, shape (n,)
        Recorded probability of what was done; NaN where none is recorded, and then none is used.
    """
    recorded = bool(np.isfinite(logged).all())
    raw = 1.0 / logged if recorded else np.ones(len(logged))
    scale = raw[treated].sum() / max(float(raw[~treated].sum()), 1e-300)
    weight = np.where(treated, raw, raw * scale)
    if not recorded:
        return weight, UpliftMethod.DIFFERENCE
    varies = any(np.ptp(logged[arm]) > 1e-9 for arm in (treated, ~treated) if arm.any())
    return weight, UpliftMethod.ROBUST if varies else UpliftMethod.WEIGHTED


def pool_experiments(trials: Sequence[UpliftExperiment]) -> UpliftExperiment:
    """Trials of several actions as one; the least demanding method that any of them asks for."""
    methods = [trial.method for trial in trials]
    method = next(
        one for one in (UpliftMethod.DIFFERENCE, UpliftMethod.ROBUST, UpliftMethod.WEIGHTED) if one in methods
    )
    names = ("uplift", "low", "high", "expected", "happened", "treated", "weight", "cluster")
    return UpliftExperiment(
        **{name: np.concatenate([getattr(trial, name) for trial in trials]) for name in names}, method=method
    )


def realised(trial: UpliftExperiment, mine: NDArray[np.bool_]) -> InfluenceEstimate:
    """Difference of the outcome between treated and held among some rows.

    Doubly robust, it is what the model said plus the difference of its residuals (Robins, Rotnitzky and Zhao, J. Am.
    Stat. Assoc. 89, 1994; weights normalised within each arm): right if either the recorded probabilities or the model
    are. Without recorded probabilities it is a plain difference, which says nothing of causes.
    """
    robust = trial.method is UpliftMethod.ROBUST
    values = trial.happened - trial.expected if robust else trial.happened
    treated, held = (weighted_mean(values, trial.weight * (mine & arm)) for arm in (trial.treated, ~trial.treated))
    difference = treated - held
    return InfluenceEstimate(difference.value + (_stated(trial, mine) if robust else 0.0), difference.influence)


def evaluate_uplift(action: str, trial: UpliftExperiment, seed: int = 0) -> UpliftResult:
    """Everything about one trial with rows in both arms."""
    everything = np.ones(len(trial.treated), dtype=bool)
    groups = _tenths(trial)
    bounds = qini_by_chance(trial.uplift, trial.happened, trial.treated, trial.weight, trial.cluster, seed)
    qini = qini_curve(trial.uplift, trial.happened, trial.treated, trial.weight).beyond_chance
    curve = uplift_curve(trial.uplift, trial.happened, trial.treated, trial.weight)
    return UpliftResult(
        action=action,
        method=trial.method,
        treated=int(trial.treated.sum()),
        held=int((~trial.treated).sum()),
        stated=_stated(trial, everything),
        realised=realised(trial, everything).estimate(trial.cluster),
        tenths=groups,
        error=_error(groups),
        met=sum(one.low <= one.realised.high and one.realised.low <= one.high for one in groups),
        auuc=curve.area,
        qini=Estimate(qini, *bounds, len(trial.treated)),
        curve=curve.thinned(),
    )


def _tenths(trial: UpliftExperiment) -> tuple[UpliftDecile, ...]:
    """At most ten groups; fewer where an arm is small, so that each has some rows of both."""
    smaller = min(int(trial.treated.sum()), int((~trial.treated).sum()))
    place = bin_indices(trial.uplift, int(np.clip(smaller // _FULL_TENTHS, 2, 10)))
    groups = [_tenth(trial, place == one) for one in range(int(place.max()) + 1)]
    return tuple(group for group in groups if group.treated and group.held)


def _tenth(trial: UpliftExperiment, mine: NDArray[np.bool_]) -> UpliftDecile:
    low, high = (float(np.average(ends[mine], weights=trial.weight[mine])) for ends in (trial.low, trial.high))
    return UpliftDecile(
        treated=int((mine & trial.treated).sum()),
        held=int((mine & ~trial.treated).sum()),
        stated=_stated(trial, mine),
        low=low,
        high=high,
        realised=realised(trial, mine).estimate(trial.cluster),
    )


def _stated(trial: UpliftExperiment, mine: NDArray[np.bool_]) -> float:
    return float(np.average(trial.uplift[mine], weights=trial.weight[mine]))


def _error(groups: Sequence[UpliftDecile]) -> float:
    told = [one for one in groups if np.isfinite(one.realised.error)]
    if not told:
        return float("nan")
    squares = [(one.realised.value - one.stated) ** 2 - one.realised.error**2 for one in told]
    size = [one.treated + one.held for one in told]
    return float(np.sqrt(max(float(np.average(squares, weights=size)), 0.0)))
