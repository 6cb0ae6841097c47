"""Making a decision again from its receipt, and holding it against the answer that was given."""

from typing import Any

from decisioning.decide import decide
from decisioning.decision import Decision, Explain
from decisioning.errors import Conflict
from serving.answer import DecisionAnswer, candidate_answer
from serving.in_force import InForce
from serving.receipt import Receipt


def again(receipt: Receipt, in_force: InForce) -> Decision:
    """The decision that model, policy and catalogue make of the receipt's facts.

    Raises
    ------
    Conflict
        If they are not those that decided.
    """
    if receipt.versions != in_force.versions:
        remedy = "load the model, the policy and the catalogue that the receipt names"
        raise Conflict("another version decided", field="versions", value=receipt.versions, remedy=remedy)
    named = receipt.request["candidates"]
    return decide(
        receipt.facts,
        in_force.offered(named if isinstance(named, list) else None, receipt.facts.now),
        scorer=in_force.scorer,
        guard=in_force.guard,
        currency=in_force.catalogue.currency,
        explain=Explain(str(receipt.request["explain"])),
    )


def differences(decision: Decision, answer: DecisionAnswer, level: float) -> tuple[str, ...]:
    """Names of what a decision made again does not say, to the last bit, as it was answered; empty if all is the same.

    Parameters
    ----------
    level : float
        Of the model's intervals.
    """
    made, answered = _made(decision, level), _answered(answer, len(decision.reasons))
    return tuple(name for name, value in made.items() if value != answered[name])


def _made(decision: Decision, level: float) -> dict[str, Any]:
    return {
        "disposition": decision.disposition,
        "action": decision.action_id and (decision.action_id, decision.contact_point),
        "proposed_action_id": decision.proposed_action_id,
        "confidence": decision.confidence,
        "reasons": decision.reasons,
        "binding_rule": decision.binding_rule,
        "eligible_at": decision.eligible_at,
        "candidates": tuple(candidate_answer(one, level) for one in decision.candidates),
    }


def _answered(answer: DecisionAnswer, reasons: int) -> dict[str, Any]:
    return {
        "disposition": answer.disposition,
        "action": answer.action and (answer.action.action_id, answer.action.contact_point),
        "proposed_action_id": answer.proposed_action_id,
        "confidence": answer.confidence,
        # What serving adds for a customer who is not on record comes after the decision's own reasons.
        "reasons": answer.reasons[:reasons],
        "binding_rule": answer.binding_rule,
        "eligible_at": answer.eligible_at,
        "candidates": answer.candidates,
    }
