"""The contacts that a model is judged by, with all that it says of them and all that came of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from decisioning.score import Floats
from decisioning.value import Terms
from training.contract.data import EngagementData
from training.evaluation.choices import NOBODY, Choices
from training.evaluation.estimates import Ints
from training.evaluation.evaluate import Judged
from training.evaluation.off_policy import Log
from training.evaluation.outcomes import harms_are_recorded
from training.evaluation.segments import Said


@dataclass(frozen=True, eq=False)
class Material:
    """n contacts and holds whose window is over.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    action : array of str, shape (n,)
        What was done, ``hold`` included.
    done : array of int, shape (n,)
        Its place among the actions of `choices`, -1 for hold.
    propensity, low, high : array of float, shape (n,)
        What the model says of what was done.
    label, harmed : array of bool, shape (n,)
        Whether the outcome, and any harm, happened in the window.
    logged : array of float, shape (n,)
        Recorded probability of what was done; NaN where none is.
    cluster : array of int, shape (n,)
        Whose contact it is.
    choices : Choices
        What the model says of everything that could have been done.
    """

    data: EngagementData
    rows: Ints
    action: np.ndarray
    done: Ints
    propensity: Floats
    low: Floats
    high: Floats
    label: NDArray[np.bool_]
    harmed: NDArray[np.bool_]
    logged: Floats
    cluster: Ints
    choices: Choices
    base_rate: float
    terms: Terms

    @property
    def said(self) -> Said:
        """What segments are judged by."""
        return Said(self.propensity, self.label, self.cluster)

    @cached_property
    def contacted(self) -> Ints:
        """Places of the rows that are no holds."""
        return np.flatnonzero(self.done != NOBODY)

    @property
    def said_of_harm(self) -> Said | None:
        """The same of harm, for the rows in `contacted`; None where the model or the data tell nothing of it."""
        stated, mine = self.choices.harm, self.contacted
        if stated is None or not len(mine) or not harms_are_recorded(self.data):
            return None
        return Said(stated[mine, self.done[mine]], self.harmed[mine], self.cluster[mine])

    @property
    def judged(self) -> Judged:
        """What gates are judged by."""
        return Judged(self.propensity, self.label, self.action, self.base_rate)

    @property
    def acts(self) -> NDArray[np.bool_]:
        """Whether heed would contact, before any guardrail."""
        chosen: NDArray[np.bool_] = self.choices.chosen != NOBODY
        return chosen

    @cached_property
    def randomised(self) -> Ints:
        """Places of the rows whose probability is recorded."""
        return np.flatnonzero(np.isfinite(self.logged))

    @cached_property
    def log(self) -> Log:
        """The rows whose probability is recorded, as policies are valued by."""
        mine, said = self.randomised, self.choices
        levers = [self.terms.levers.get(action.action_id, 1.0) * action.value for action in said.actions]
        return Log(
            done=self.done[mine],
            chance=self.logged[mine],
            happened=self.label[mine].astype(np.float64),
            harmed=self.harmed[mine].astype(np.float64),
            cluster=self.cluster[mine],
            propensity=said.propensity[mine],
            hold=None if said.hold is None else said.hold[mine],
            harm=None if said.harm is None else said.harm[mine],
            value=np.array(levers, dtype=np.float64),
            cost=np.array([action.cost for action in said.actions], dtype=np.float64),
            harm_cost=self.terms.harm_cost,
        )
