"""The loss of acts without review, from recorded decisions."""

import numpy as np

from heed.decisioning.catalogue import HOLD
from heed.decisioning.certificate import Loss
from heed.decisioning.score import Floats
from heed.decisioning.value import ValueTerms
from heed.training.certificate.decision_points import DecisionPoints
from heed.training.contract.harm_labels import has_harm_outcomes
from heed.training.errors import TrainingError
from heed.training.evaluation.eval_data import EvalData
from heed.training.evaluation.policy_choices import HOLD_INDEX, PolicyChoices


def decision_points(loss: Loss, eval_data: EvalData, *, clip: float) -> DecisionPoints:
    """Decision points with their losses.

    Parameters
    ----------
    eval_data : EvalData
        Recorded actions, their outcomes, and heed's choices.
    clip : float
        Largest inverse propensity, above 1.

    Raises
    ------
    TrainingError
        If the data do not record this loss.
    """
    return _harms(eval_data, clip) if loss is Loss.HARM else _regrets(eval_data, clip)


def inverse_propensities(eval_data: EvalData) -> Floats | None:
    """One over the logged propensity of each row; None unless every row has one."""
    return None if bool(np.isnan(eval_data.logged).any()) else 1.0 / eval_data.logged


def _harms(eval_data: EvalData, clip: float) -> DecisionPoints:
    """Harm of the contacts that heed would also have made."""
    if not has_harm_outcomes(eval_data.data):
        remedy = "give data with outcomes of type opt_out, complaint or unsubscribe"
        raise TrainingError(
            "no harm is recorded, which does not mean that there was none", field="outcomes", remedy=remedy
        )
    inverse = inverse_propensities(eval_data)
    raw = np.ones(len(eval_data.rows)) if inverse is None else inverse
    weight = np.minimum(raw, clip)
    choices = eval_data.choices
    return DecisionPoints(
        customer=eval_data.cluster,
        confidence=choices.confidence,
        executed=eval_data.acts & (choices.action_id == eval_data.action),
        loss=eval_data.harmed.astype(np.float64),
        weight=weight,
        bound=float(weight[eval_data.action != HOLD].max(initial=1.0)),
        clipped=_clipped(raw, weight),
    )


def _regrets(eval_data: EvalData, clip: float) -> DecisionPoints:
    """Loss of heed's acts against holding, by inverse propensity: unbiased on average, noisy per row.

    Rows in which the logged action is heed's choice show the value of acting, holds show the value of holding, and
    other rows show nothing.
    """
    inverse, held = inverse_propensities(eval_data), eval_data.action == HOLD
    if inverse is None or not bool(held.any()):
        remedy = "give contacts with propensities, hold rows among them, or certify harm"
        raise TrainingError("the data cannot compare acting with holding", field="contacts", remedy=remedy)
    weight, choices = np.minimum(inverse, clip), eval_data.choices
    worth, cost = _worth(choices, eval_data.terms)
    harm_cost = eval_data.terms.harm_cost
    brought = worth[choices.chosen] * eval_data.label - harm_cost * eval_data.harmed
    acted = -weight * (brought - cost[choices.chosen])
    largest = float(max(worth.max(), cost.max() + harm_cost))
    return DecisionPoints(
        customer=eval_data.cluster,
        confidence=choices.confidence,
        executed=choices.chosen != HOLD_INDEX,
        loss=np.where(choices.action_id == eval_data.action, acted, np.where(held, weight * brought, 0.0)),
        weight=np.ones(len(eval_data.rows)),
        bound=float(weight.max(initial=1.0)) * largest,
        largest=largest,
        clipped=_clipped(inverse, weight),
        estimated=True,
    )


def _worth(choices: PolicyChoices, terms: ValueTerms) -> tuple[Floats, Floats]:
    """Value of an outcome, lever included, and cost of a contact, by action index; hold is last with 0."""
    worth = [terms.levers.get(action.action_id, 1.0) * action.value for action in choices.actions]
    return np.array([*worth, 0.0]), np.array([*(action.cost for action in choices.actions), 0.0])


def _clipped(raw: Floats, kept: Floats) -> float:
    return float(1.0 - kept.sum() / raw.sum()) if len(raw) else 0.0
