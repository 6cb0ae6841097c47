"""Predicted against realized uplift: contacts of an action compared with deliberately held customers."""

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
_MIN_PER_ARM = 30
_ROWS_PER_DECILE = 200


class UpliftMethod(StrEnum):
    """How uplift is estimated, depending on the logged propensities."""

    DIFFERENCE = "difference in means"
    WEIGHTED = "inverse propensity"
    ROBUST = "doubly robust"


@dataclass(frozen=True, eq=False)
class UpliftExperiment:
    """Rows of one action and of hold, or of several actions pooled, each with all hold rows.

    Attributes
    ----------
    uplift, low, high : array of float, shape (n,)
        Predicted uplift of the action for this customer, whether it was taken or not.
    expected : array of float, shape (n,)
        Predicted probability of the outcome for the action taken.
    happened : array of float, shape (n,)
        1 where the outcome happened, else 0.
    treated : array of bool, shape (n,)
    weight : array of float, shape (n,)
        Treated and held rows of an action have the same total weight.
    cluster : array of int, shape (n,)
        Customer, or group of dependent customers.
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
    def has_enough_rows(self) -> bool:
        """Whether both arms have enough rows for an estimate."""
        return min(int(self.treated.sum()), int((~self.treated).sum())) >= _MIN_PER_ARM


@dataclass(frozen=True, slots=True)
class UpliftDecile:
    """A group of rows of about equal predicted uplift."""

    treated: int
    held: int
    stated: float
    low: float
    high: float
    realised: Estimate


@dataclass(frozen=True, slots=True)
class UpliftResult:
    """Predicted and realized uplift of an action.

    Attributes
    ----------
    action : str
        ``all`` for all actions together.
    stated : float
        Mean predicted uplift.
    realised : Estimate
        Over all rows.
    error : float
        Root mean square calibration error over the deciles, debiased.
    met : int
        Deciles whose mean predicted interval meets the interval of the realized uplift.
    auuc : float
        Area under the uplift curve, in outcomes per contact; see
        :func:`heed.training.evaluation.uplift.qini.uplift_curve`.
    qini : Estimate
        Area beyond chance of the Qini curve, in outcomes per contact, with a bootstrap interval.
    curve : Curve
        The uplift curve at 50 steps.
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
    """Weight of each row of one action's experiment, equal in total for both arms, and the estimation method.

    Parameters
    ----------
    logged : array of float, shape (n,)
        Logged propensity. If it is NaN in any row, no propensity is used.
    """
    recorded = bool(np.isfinite(logged).all())
    raw = 1.0 / logged if recorded else np.ones(len(logged))
    scale = raw[treated].sum() / max(float(raw[~treated].sum()), 1e-300)
    weight = np.where(treated, raw, raw * scale)
    if not recorded:
        return weight, UpliftMethod.DIFFERENCE
    varies = any(np.ptp(logged[arm]) > 1e-9 for arm in (treated, ~treated) if arm.any())
    return weight, UpliftMethod.ROBUST if varies else UpliftMethod.WEIGHTED


def pool_experiments(experiments: Sequence[UpliftExperiment]) -> UpliftExperiment:
    """Experiments of several actions as one, with the least demanding method among them."""
    methods = [experiment.method for experiment in experiments]
    method = next(
        method for method in (UpliftMethod.DIFFERENCE, UpliftMethod.ROBUST, UpliftMethod.WEIGHTED) if method in methods
    )
    names = ("uplift", "low", "high", "expected", "happened", "treated", "weight", "cluster")
    return UpliftExperiment(
        **{name: np.concatenate([getattr(experiment, name) for experiment in experiments]) for name in names},
        method=method,
    )


def realized_uplift(experiment: UpliftExperiment, mine: NDArray[np.bool_]) -> InfluenceEstimate:
    """Difference in mean outcome between treated and held among some rows.

    The doubly robust estimate is the prediction plus the difference of its residuals (Robins, Rotnitzky and Zhao, J.
    Am. Stat. Assoc. 89, 1994; weights normalized within each arm): consistent if either the propensities or the model
    are right. Without propensities it is a plain difference without causal meaning.
    """
    robust = experiment.method is UpliftMethod.ROBUST
    values = experiment.happened - experiment.expected if robust else experiment.happened
    treated, held = (
        weighted_mean(values, experiment.weight * (mine & arm)) for arm in (experiment.treated, ~experiment.treated)
    )
    difference = treated - held
    return InfluenceEstimate(difference.value + (_stated(experiment, mine) if robust else 0.0), difference.influence)


def evaluate_uplift(action: str, experiment: UpliftExperiment, seed: int = 0) -> UpliftResult:
    """Uplift metrics of one experiment with rows in both arms."""
    all_rows = np.ones(len(experiment.treated), dtype=bool)
    deciles = _deciles(experiment)
    bounds = qini_by_chance(
        experiment.uplift, experiment.happened, experiment.treated, experiment.weight, experiment.cluster, seed
    )
    qini = qini_curve(experiment.uplift, experiment.happened, experiment.treated, experiment.weight).beyond_chance
    curve = uplift_curve(experiment.uplift, experiment.happened, experiment.treated, experiment.weight)
    return UpliftResult(
        action=action,
        method=experiment.method,
        treated=int(experiment.treated.sum()),
        held=int((~experiment.treated).sum()),
        stated=_stated(experiment, all_rows),
        realised=realized_uplift(experiment, all_rows).estimate(experiment.cluster),
        tenths=deciles,
        error=_error(deciles),
        met=sum(decile.low <= decile.realised.high and decile.realised.low <= decile.high for decile in deciles),
        auuc=curve.area,
        qini=Estimate(qini, *bounds, len(experiment.treated)),
        curve=curve.resampled(),
    )


def _deciles(experiment: UpliftExperiment) -> tuple[UpliftDecile, ...]:
    """At most ten groups, fewer where an arm is small, so that each has rows of both arms."""
    smaller = min(int(experiment.treated.sum()), int((~experiment.treated).sum()))
    index = bin_indices(experiment.uplift, int(np.clip(smaller // _ROWS_PER_DECILE, 2, 10)))
    groups = [_decile(experiment, index == number) for number in range(int(index.max()) + 1)]
    return tuple(group for group in groups if group.treated and group.held)


def _decile(experiment: UpliftExperiment, mine: NDArray[np.bool_]) -> UpliftDecile:
    low, high = (
        float(np.average(ends[mine], weights=experiment.weight[mine])) for ends in (experiment.low, experiment.high)
    )
    return UpliftDecile(
        treated=int((mine & experiment.treated).sum()),
        held=int((mine & ~experiment.treated).sum()),
        stated=_stated(experiment, mine),
        low=low,
        high=high,
        realised=realized_uplift(experiment, mine).estimate(experiment.cluster),
    )


def _stated(experiment: UpliftExperiment, mine: NDArray[np.bool_]) -> float:
    return float(np.average(experiment.uplift[mine], weights=experiment.weight[mine]))


def _error(deciles: Sequence[UpliftDecile]) -> float:
    known = [decile for decile in deciles if np.isfinite(decile.realised.error)]
    if not known:
        return float("nan")
    squares = [(decile.realised.value - decile.stated) ** 2 - decile.realised.error**2 for decile in known]
    size = [decile.treated + decile.held for decile in known]
    return float(np.sqrt(max(float(np.average(squares, weights=size)), 0.0)))
