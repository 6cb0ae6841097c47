"""Off-policy estimators: the value of a policy from decisions logged under another with known propensities.

Values are net values, ``lever x value x (outcome - outcome under hold) - harm_cost x harm - cost`` per decision, so
that holding for everybody is worth 0. Three estimators, all with intervals that respect customers:

* inverse propensity (Horvitz and Thompson 1952): rows with the same action, weighted by 1 / propensity;
* self-normalized (Swaminathan and Joachims, NIPS 2015): the same with weights that sum to 1;
* doubly robust (Dudik, Langford and Li, ICML 2011): the model's expectation plus its weighted errors.

A choice that the logging policy could not make has no evidence; mean weights far from 1 reveal that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.estimate import Estimate, InfluenceEstimate, Ints, mean, weighted_mean
from heed.training.evaluation.off_policy.logged_decisions import LoggedDecisions
from heed.training.evaluation.policy_choices import HOLD_INDEX


@dataclass(frozen=True, slots=True)
class ValueEstimates:
    """One quantity by three estimators."""

    inverse_propensity: Estimate
    self_normalised: Estimate
    doubly_robust: Estimate


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """The value of a policy.

    Attributes
    ----------
    acts : float
        Share of decisions to contact.
    value : ValueEstimates
        Net value per decision against holding, in the catalogue's currency.
    outcome : ValueEstimates
        Outcomes per decision.
    weight : Estimate
        Mean weight; far from 1, the policy chooses what the logging policy could not.
    effective_rows : float
        Effective sample size: (sum of weights)^2 / sum of squares.
    """

    name: str
    acts: float
    value: ValueEstimates
    outcome: ValueEstimates
    weight: Estimate
    effective_rows: float


def policy_value(name: str, log: LoggedDecisions, target: Ints) -> PolicyValue:
    """Value of choosing `target`, an action index per row or -1 for hold, shape (n,)."""
    weight = log.matched(target)
    total = float(weight.sum())
    return PolicyValue(
        name=name,
        acts=float(np.mean(target != HOLD_INDEX)),
        value=_net_value(log, target),
        outcome=_outcome(log, target),
        weight=mean(weight).estimate(log.cluster),
        effective_rows=total**2 / float(weight @ weight) if total else 0.0,
    )


def logging_value(name: str, log: LoggedDecisions) -> PolicyValue:
    """Value of the logging policy.

    Where actions differ in value, outcomes under hold count at the mean value of the actions taken, since the log does
    not say which of them a held customer would have received.
    """
    acts = log.done != HOLD_INDEX
    scores = log.gain - _hold_value(log, acts) if log.against_hold else log.gain
    value, outcome = (mean(values).estimate(log.cluster) for values in (scores, log.happened))
    weight = mean(np.ones(len(acts))).estimate(log.cluster)
    return PolicyValue(name, float(acts.mean()), _same(value), _same(outcome), weight, float(len(acts)))


def value_difference(log: LoggedDecisions, target: Ints, other: Ints) -> Estimate:
    """Net value of one policy minus another's, doubly robust, paired by row."""
    return mean(log.scores(target) - log.scores(other)).estimate(log.cluster)


def _net_value(log: LoggedDecisions, target: Ints) -> ValueEstimates:
    acts = target != HOLD_INDEX
    acted, held = log.matched(target) * acts, log.matched(np.full_like(target, HOLD_INDEX)) * acts
    hold_value = log.value[target] * log.happened
    weighted = mean(acted * log.gain - held * hold_value)
    per_act = weighted_mean(log.gain, acted)
    if log.against_hold:
        per_act = per_act - weighted_mean(hold_value, held)
    normalized = per_act.times(float(acts.mean())) if acts.any() else mean(np.zeros(len(acts)))
    estimates = (weighted, normalized, mean(log.scores(target)))
    return ValueEstimates(*(estimate.estimate(log.cluster) for estimate in estimates))


def _outcome(log: LoggedDecisions, target: Ints) -> ValueEstimates:
    weight, expected = log.matched(target), log.expected(target)
    estimates: tuple[InfluenceEstimate, ...] = (
        mean(weight * log.happened),
        weighted_mean(log.happened, weight),
        mean(expected + weight * (log.happened - expected)),
    )
    return ValueEstimates(*(estimate.estimate(log.cluster) for estimate in estimates))


def _hold_value(log: LoggedDecisions, acts: NDArray[np.bool_]) -> Floats:
    """Value of the contacted customers under hold: expected, plus the model's errors on hold rows."""
    worth = log.value[log.done]
    typical = float(worth[acts].mean()) if acts.any() else 0.0
    error = (1.0 - log.chance) / log.chance * typical * (log.happened - log.expected_hold)
    return np.where(acts, worth * log.expected_hold, error)


def _same(estimate: Estimate) -> ValueEstimates:
    return ValueEstimates(estimate, estimate, estimate)
