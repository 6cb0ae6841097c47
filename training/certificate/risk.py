"""What recorded moments tell of the loss of the acts that heed would make by itself."""

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
    """Recorded moments as a certificate of this loss looks at them.

    Parameters
    ----------
    eval_data : EvalData
        What was done, what came of it, and what heed would have done.
    clip : float
        Largest inverse propensity, above 1.

    Raises
    ------
    TrainingError
        If the data cannot tell of this loss.
    """
    return _harms(eval_data, clip) if loss is Loss.HARM else _regrets(eval_data, clip)


def inverse_propensities(eval_data: EvalData) -> Floats | None:
    """One over the logged probability of what was done, None where not every row has one."""
    return None if bool(np.isnan(eval_data.logged).any()) else 1.0 / eval_data.logged


def _harms(eval_data: EvalData, clip: float) -> DecisionPoints:
    """Harm of the contacts that heed would have made too."""
    if not has_harm_outcomes(eval_data.data):
        remedy = "give data with outcomes of type opt_out, complaint or unsubscribe"
        raise TrainingError("no harm is recorded, which is not the same as no harm", field="outcomes", remedy=remedy)
    given = inverse_propensities(eval_data)
    raw = np.ones(len(eval_data.rows)) if given is None else given
    weight = np.minimum(raw, clip)
    made = eval_data.choices
    return DecisionPoints(
        customer=eval_data.cluster,
        confidence=made.confidence,
        executed=eval_data.acts & (made.action_id == eval_data.action),
        loss=eval_data.harmed.astype(np.float64),
        weight=weight,
        bound=float(weight[eval_data.action != HOLD].max(initial=1.0)),
        clipped=_clipped(raw, weight),
    )


def _regrets(eval_data: EvalData, clip: float) -> DecisionPoints:
    """What heed's acts would have lost against holding, by inverse propensity: right on average, noisy one by one.

    A moment at which the log did what heed would do tells what acting brought, one at which it held what holding
    brought, any other nothing.
    """
    given, held = inverse_propensities(eval_data), eval_data.action == HOLD
    if given is None or not bool(held.any()):
        remedy = "give contacts with propensities, hold rows among them, or certify harm"
        raise TrainingError("the data cannot tell acting from holding", field="contacts", remedy=remedy)
    weight, made = np.minimum(given, clip), eval_data.choices
    worth, cost = _worth(made, eval_data.terms)
    harm_cost = eval_data.terms.harm_cost
    brought = worth[made.chosen] * eval_data.label - harm_cost * eval_data.harmed
    acted = -weight * (brought - cost[made.chosen])
    largest = float(max(worth.max(), cost.max() + harm_cost))
    return DecisionPoints(
        customer=eval_data.cluster,
        confidence=made.confidence,
        executed=made.chosen != HOLD_INDEX,
        loss=np.where(made.action_id == eval_data.action, acted, np.where(held, weight * brought, 0.0)),
        weight=np.ones(len(eval_data.rows)),
        bound=float(weight.max(initial=1.0)) * largest,
        largest=largest,
        clipped=_clipped(given, weight),
        estimated=True,
    )


def _worth(made: PolicyChoices, terms: ValueTerms) -> tuple[Floats, Floats]:
    """Worth of an outcome, lever included, and cost of a contact, by place of the action; 0 for hold, at the end."""
    worth = [terms.levers.get(one.action_id, 1.0) * one.value for one in made.actions]
    return np.array([*worth, 0.0]), np.array([*(one.cost for one in made.actions), 0.0])


def _clipped(raw: Floats, kept: Floats) -> float:
    return float(1.0 - kept.sum() / raw.sum()) if len(raw) else 0.0
