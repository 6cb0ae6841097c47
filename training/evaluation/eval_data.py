"""The contacts of an evaluation, with their predictions and outcomes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.decisioning.value import ValueTerms
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.harm_labels import has_harm_outcomes
from heed.training.evaluation.metrics.estimate import Ints
from heed.training.evaluation.metrics.probability_scores import HoldoutPredictions
from heed.training.evaluation.metrics.segments import ClusteredPredictions
from heed.training.evaluation.policy_choices import HOLD_INDEX, PolicyChoices


@dataclass(frozen=True, eq=False)
class EvalData:
    """n contacts and holds whose outcome window is over.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    action : array of str, shape (n,)
        The action taken, ``hold`` included.
    done : array of int, shape (n,)
        Its index among the actions of `choices`, -1 for hold.
    propensity, low, high : array of float, shape (n,)
        Predicted probability for the action taken, with its interval.
    label, harmed : array of bool, shape (n,)
        Whether the outcome, and any harm, happened in the window.
    logged : array of float, shape (n,)
        Logged propensity of the action taken; NaN where none was recorded.
    cluster : array of int, shape (n,)
        The customer, or group of dependent customers.
    choices : PolicyChoices
        Scores of all candidates, and heed's choice.
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
    def clustered(self) -> ClusteredPredictions:
        """Predictions and labels by customer, as segments use them."""
        return ClusteredPredictions(self.propensity, self.label, self.cluster)

    @cached_property
    def contacted(self) -> Ints:
        """Indices of the rows that are not holds."""
        return np.flatnonzero(self.done != HOLD_INDEX)

    @property
    def harm_predictions(self) -> ClusteredPredictions | None:
        """The same for harm at the rows in `contacted`; None where model or data have no harm."""
        harm, mine = self.choices.harm, self.contacted
        if harm is None or not len(mine) or not has_harm_outcomes(self.data):
            return None
        return ClusteredPredictions(harm[mine, self.done[mine]], self.harmed[mine], self.cluster[mine])

    @property
    def holdout(self) -> HoldoutPredictions:
        """Predictions and labels by action, as gates use them."""
        return HoldoutPredictions(self.propensity, self.label, self.action, self.base_rate)

    @property
    def acts(self) -> NDArray[np.bool_]:
        """Whether heed would contact, before any guardrail."""
        acts: NDArray[np.bool_] = self.choices.chosen != HOLD_INDEX
        return acts

    @cached_property
    def randomized(self) -> Ints:
        """Indices of the rows with a logged propensity."""
        return np.flatnonzero(np.isfinite(self.logged))
