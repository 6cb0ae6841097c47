"""Logged decisions: actions, propensities, outcomes, and the model's expectations."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from heed.decisioning.score import Floats
from heed.training.evaluation.eval_data import EvalData
from heed.training.evaluation.metrics.estimate import Ints, weighted_mean
from heed.training.evaluation.policy_choices import HOLD_INDEX


@dataclass(frozen=True, eq=False)
class LoggedDecisions:
    """n logged decisions.

    Attributes
    ----------
    done : array of int, shape (n,)
        Index of the action taken, -1 for hold.
    chance : array of float, shape (n,)
        Logged propensity, in (0, 1].
    happened, harmed : array of float, shape (n,)
        1 or 0.
    cluster : array of int, shape (n,)
        Customer, or group of dependent customers.
    propensity : array of float, shape (n, actions)
        Predicted probability per action; NaN where an action was not a candidate.
    hold : array of float, shape (n,), or None
    harm : array of float, shape (n, actions), or None
    value, cost : array of float, shape (actions,)
        Value of an outcome, lever included, and cost of a contact.
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
        """Whether the log has holds. Otherwise outcomes count in full, as if none happened without contact."""
        return bool((self.done == HOLD_INDEX).any())

    @cached_property
    def expected_hold(self) -> Floats:
        """Expected outcome under hold, shape (n,): the model's, else the mean of the hold rows, else 0."""
        if not self.against_hold:
            return np.zeros(len(self.done))
        if self.hold is not None:
            return self.hold
        return np.full(len(self.done), weighted_mean(self.happened, self._hold_weight).value)

    @cached_property
    def gain(self) -> Floats:
        """Realized net value of each contact: outcome minus harm and cost, shape (n,); 0 for holds."""
        earned = self.value[self.done] * self.happened - self.harm_cost * self.harmed - self.cost[self.done]
        return np.where(self.done == HOLD_INDEX, 0.0, earned)

    @cached_property
    def _hold_weight(self) -> Floats:
        return np.where(self.done == HOLD_INDEX, 1.0 / self.chance, 0.0)

    def expected(self, target: Ints) -> Floats:
        """Predicted probability of the outcome under a choice, shape (n,)."""
        rows = np.arange(len(target))
        return np.where(target == HOLD_INDEX, self.expected_hold, self.propensity[rows, target])

    def expected_harm(self, target: Ints) -> Floats:
        """Predicted probability of harm; 0 where the model has none."""
        if self.harm is None:
            return np.zeros(len(target))
        return np.where(target == HOLD_INDEX, 0.0, self.harm[np.arange(len(target)), target])

    def scores(self, target: Ints) -> Floats:
        """Doubly robust net value of each row's choice: noisy per row, unbiased on average; shape (n,)."""
        acts = target != HOLD_INDEX
        worth, cost = self.value[target], self.cost[target]
        expected, harm = self.expected(target), self.expected_harm(target)
        direct = worth * (expected - self.expected_hold) - self.harm_cost * harm - cost
        error = worth * (self.happened - expected) - self.harm_cost * (self.harmed - harm)
        hold_error = self._hold_weight * worth * (self.happened - self.expected_hold)
        return np.where(acts, direct + self.matched(target) * error - hold_error, 0.0)

    def matched(self, target: Ints) -> Floats:
        """1 / propensity where the logged action is the chosen one, else 0, shape (n,)."""
        return np.where(self.done == target, 1.0 / self.chance, 0.0)


def logged_decisions(eval_data: EvalData) -> LoggedDecisions:
    """The rows with a logged propensity, in the order of ``eval_data.randomized``."""
    rows, choices, terms = eval_data.randomized, eval_data.choices, eval_data.terms
    values = [terms.levers.get(action.action_id, 1.0) * action.value for action in choices.actions]
    return LoggedDecisions(
        done=eval_data.done[rows],
        chance=eval_data.logged[rows],
        happened=eval_data.label[rows].astype(np.float64),
        harmed=eval_data.harmed[rows].astype(np.float64),
        cluster=eval_data.cluster[rows],
        propensity=choices.propensity[rows],
        hold=None if choices.hold is None else choices.hold[rows],
        harm=None if choices.harm is None else choices.harm[rows],
        value=np.array(values, dtype=np.float64),
        cost=np.array([action.cost for action in choices.actions], dtype=np.float64),
        harm_cost=terms.harm_cost,
    )
