"""What a way of choosing would have been worth, from a log of what another chose with known probabilities.

Values are net values as heed reckons them, ``lever x value x (outcome - outcome under hold) - harm_cost x harm - cost``
per decision, so that holding for everybody is worth 0. Three estimators, all with intervals that respect customers:

* inverse propensity (Horvitz and Thompson 1952): rows in which the log did the same, each for 1 / its probability;
* self-normalised (Swaminathan and Joachims, NIPS 2015): the same, with weights that add up to what they should;
* doubly robust (Dudik, Langford and Li, ICML 2011): what the model expects, plus the weighted errors of the model.

A choice that the log could not have made tells nothing. That shows where the weights do not average to 1.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.estimate import Estimate, InfluenceEstimate, Ints, mean, weighted_mean

HOLD_INDEX = -1


@dataclass(frozen=True, eq=False)
class LoggedDecisions:
    """What was done, with what probability, what came of it, and what the model expected.

    Attributes
    ----------
    done : array of int, shape (n,)
        Place of the action, -1 for hold.
    chance : array of float, shape (n,)
        Recorded probability of what was done, in (0, 1].
    happened, harmed : array of float, shape (n,)
        1 or 0.
    cluster : array of int, shape (n,)
        Whose row it is.
    propensity : array of float, shape (n, actions)
        What the model expects of each action; NaN where an action was no candidate.
    hold : array of float, shape (n,), or None
    harm : array of float, shape (n, actions), or None
    value, cost : array of float, shape (actions,)
        Worth of an outcome, lever included, and cost of a contact.
    harm_cost : float
    """

    done: Ints
    chance: Floats
    happened: Floats
    harmed: Floats
    cluster: Ints
    propensity: Floats
    hold: Floats | None
    harm: Floats | None
    value: Floats
    cost: Floats
    harm_cost: float

    @cached_property
    def against_hold(self) -> bool:
        """Whether the log knows what happens under hold. Else outcomes count in full, as if none came unasked."""
        return bool((self.done == HOLD_INDEX).any())

    @cached_property
    def resting(self) -> Floats:
        """Expected outcome under hold, shape (n,): the model's, else the mean of the hold rows, else 0."""
        if not self.against_hold:
            return np.zeros(len(self.done))
        if self.hold is not None:
            return self.hold
        return np.full(len(self.done), weighted_mean(self.happened, self._left_alone).value)

    @cached_property
    def gain(self) -> Floats:
        """What each contact brought: worth of the outcome less harm and cost, shape (n,); 0 for hold rows."""
        earned = self.value[self.done] * self.happened - self.harm_cost * self.harmed - self.cost[self.done]
        return np.where(self.done == HOLD_INDEX, 0.0, earned)

    @cached_property
    def _left_alone(self) -> Floats:
        return np.where(self.done == HOLD_INDEX, 1.0 / self.chance, 0.0)

    def expected(self, target: Ints) -> Floats:
        """What the model expects of the outcome under a choice, shape (n,)."""
        rows = np.arange(len(target))
        return np.where(target == HOLD_INDEX, self.resting, self.propensity[rows, target])

    def expected_harm(self, target: Ints) -> Floats:
        """The same of harm; 0 where the model says nothing of it."""
        if self.harm is None:
            return np.zeros(len(target))
        return np.where(target == HOLD_INDEX, 0.0, self.harm[np.arange(len(target)), target])

    def scores(self, target: Ints) -> Floats:
        """Net value of each row's choice, doubly robust: noisy one by one, right on average; shape (n,)."""
        acts = target != HOLD_INDEX
        worth, cost = self.value[target], self.cost[target]
        said, harm = self.expected(target), self.expected_harm(target)
        direct = worth * (said - self.resting) - self.harm_cost * harm - cost
        missed = worth * (self.happened - said) - self.harm_cost * (self.harmed - harm)
        resting = self._left_alone * worth * (self.happened - self.resting)
        return np.where(acts, direct + self.matched(target) * missed - resting, 0.0)

    def matched(self, target: Ints) -> Floats:
        """1 / probability where the log did what a choice asks for, else 0, shape (n,)."""
        return np.where(self.done == target, 1.0 / self.chance, 0.0)


@dataclass(frozen=True, slots=True)
class ValueEstimates:
    """One quantity by three estimators."""

    inverse_propensity: Estimate
    self_normalised: Estimate
    doubly_robust: Estimate


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """What a way of choosing is worth.

    Attributes
    ----------
    acts : float
        Share of decisions in which it contacts.
    value : ValueEstimates
        Net value per decision against holding, in the catalogue's currency.
    outcome : ValueEstimates
        Outcomes per decision.
    weight : Estimate
        Mean weight of the rows that tell of it; far from 1, it asks for what the log could not do.
    effective_rows : float
        How many equally weighted rows tell as much: (sum of weights)^2 / sum of squares.
    """

    name: str
    acts: float
    value: ValueEstimates
    outcome: ValueEstimates
    weight: Estimate
    effective_rows: float


def policy_value(name: str, log: LoggedDecisions, target: Ints) -> PolicyValue:
    """Value of choosing `target`, an action's place or -1 for hold for each row, shape (n,)."""
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
    """Value of what was really done.

    Where actions differ in value, what hold would have brought is counted at the mean value of the actions taken, since
    the log does not say which of them a held customer would have got.
    """
    acts = log.done != HOLD_INDEX
    scores = log.gain - _resting(log, acts) if log.against_hold else log.gain
    value, outcome = (mean(one).estimate(log.cluster) for one in (scores, log.happened))
    one = mean(np.ones(len(acts))).estimate(log.cluster)
    return PolicyValue(name, float(acts.mean()), _same(value), _same(outcome), one, float(len(acts)))


def value_difference(log: LoggedDecisions, target: Ints, other: Ints) -> Estimate:
    """Net value of one way of choosing minus another's, doubly robust, row beside row."""
    return mean(log.scores(target) - log.scores(other)).estimate(log.cluster)


def _net_value(log: LoggedDecisions, target: Ints) -> ValueEstimates:
    acts = target != HOLD_INDEX
    same, alone = log.matched(target) * acts, log.matched(np.full_like(target, HOLD_INDEX)) * acts
    resting = log.value[target] * log.happened
    weighted = mean(same * log.gain - alone * resting)
    normalised = weighted_mean(log.gain, same)
    if log.against_hold:
        normalised = normalised - weighted_mean(resting, alone)
    share = normalised.times(float(acts.mean())) if acts.any() else mean(np.zeros(len(acts)))
    return ValueEstimates(*(told.estimate(log.cluster) for told in (weighted, share, mean(log.scores(target)))))


def _outcome(log: LoggedDecisions, target: Ints) -> ValueEstimates:
    weight, said = log.matched(target), log.expected(target)
    told: tuple[InfluenceEstimate, ...] = (
        mean(weight * log.happened),
        weighted_mean(log.happened, weight),
        mean(said + weight * (log.happened - said)),
    )
    return ValueEstimates(*(one.estimate(log.cluster) for one in told))


def _resting(log: LoggedDecisions, acts: NDArray[np.bool_]) -> Floats:
    """What the customers contacted would have brought under hold: expected, plus the model's errors on hold rows."""
    worth = log.value[log.done]
    typical = float(worth[acts].mean()) if acts.any() else 0.0
    missed = (1.0 - log.chance) / log.chance * typical * (log.happened - log.resting)
    return np.where(acts, worth * log.resting, missed)


def _same(estimate: Estimate) -> ValueEstimates:
    return ValueEstimates(estimate, estimate, estimate)
