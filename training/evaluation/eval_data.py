"""The contacts that a model is judged by, with all that it says of them and all that came of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.decisioning.value import ValueTerms
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.harm_labels import has_harm_outcomes
from heed.training.evaluation.gates.model_evaluation import HoldoutPredictions
from heed.training.evaluation.metrics.estimate import Ints
from heed.training.evaluation.metrics.segments import ClusteredPredictions
from heed.training.evaluation.off_policy.estimators import LoggedDecisions
from heed.training.evaluation.policy_choices import HOLD_INDEX, PolicyChoices


@dataclass(frozen=True, eq=False)
class EvalData:
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
    choices : PolicyChoices
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
    choices: PolicyChoices
    base_rate: float
    terms: ValueTerms

    @property
    def said(self) -> ClusteredPredictions:
        """What segments are judged by."""
        return ClusteredPredictions(self.propensity, self.label, self.cluster)

    @cached_property
    def contacted(self) -> Ints:
        """Places of the rows that are no holds."""
        return np.flatnonzero(self.done != HOLD_INDEX)

    @property
    def harm_predictions(self) -> ClusteredPredictions | None:
        """The same of harm, for the rows in `contacted`; None where the model or the data tell nothing of it."""
        stated, mine = self.choices.harm, self.contacted
        if stated is None or not len(mine) or not has_harm_outcomes(self.data):
            return None
        return ClusteredPredictions(stated[mine, self.done[mine]], self.harmed[mine], self.cluster[mine])

    @property
    def judged(self) -> HoldoutPredictions:
        """What gates are judged by."""
        return HoldoutPredictions(self.propensity, self.label, self.action, self.base_rate)

    @property
    def acts(self) -> NDArray[np.bool_]:
        """Whether heed would contact, before any guardrail."""
        chosen: NDArray[np.bool_] = self.choices.chosen != HOLD_INDEX
        return chosen

    @cached_property
    def randomised(self) -> Ints:
        """Places of the rows whose probability is recorded."""
        return np.flatnonzero(np.isfinite(self.logged))

    @cached_property
    def log(self) -> LoggedDecisions:
        """The rows whose probability is recorded, as policies are valued by."""
        mine, said = self.randomised, self.choices
        levers = [self.terms.levers.get(action.action_id, 1.0) * action.value for action in said.actions]
        return LoggedDecisions(
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
