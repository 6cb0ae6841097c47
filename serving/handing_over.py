"""What an executor is handed: only what is still permitted when it comes.

Between the commit of an act and the coming of the executor a customer may withdraw, object, be put on a suppression
list or be merged with another, an offer may end and a policy may change. A message that is no longer permitted is
withdrawn and its slot freed. Caps are not looked at again, since the message's own slot is among what they count, nor
is anything else that passes by itself, such as the night.
"""

from dataclasses import replace
from datetime import datetime
from functools import partial

import orjson

from decisioning.customer import Customer, Facts
from decisioning.objection import considered
from decisioning.verdict import Effect
from guardrails.guard import NO_CONSENT_RULE
from guardrails.rules.consent import ConsentRule
from guardrails.rules.objection import ObjectionRule
from guardrails.rules.suppression import SuppressionRule
from serving.in_force import InForce
from serving.ledger.ledger import Ledger
from serving.ledger.records import OutboxMessage

_PERMISSION = (ConsentRule, ObjectionRule, SuppressionRule)


async def handed_over(ledger: Ledger, in_force: InForce, now: datetime, limit: int) -> tuple[OutboxMessage, ...]:
    """Messages that wait and are still permitted, oldest first; those that are not are withdrawn."""
    while True:
        messages, refused = await ledger.aside(partial(_looked_at, ledger, in_force, now, limit))
        for one, because in refused:
            await ledger.withdraw(one.outbox_id, because)
        if not refused:
            return messages


def _looked_at(
    ledger: Ledger, in_force: InForce, now: datetime, limit: int
) -> tuple[tuple[OutboxMessage, ...], list[tuple[OutboxMessage, str]]]:
    """Messages that wait, and those among them that are no longer permitted, with why."""
    messages = ledger.outbox(limit, in_force.stop)
    refused = [(one, because) for one in messages if (because := _against(ledger, in_force, one, now)) is not None]
    return messages, refused


async def taken(ledger: Ledger, in_force: InForce, outbox_id: str) -> None:
    """Give one message to the executor who takes it, if it is still permitted in the transaction that says so.

    Raises
    ------
    Refused
        If it is not, and it is withdrawn; or if it is stopped, and it waits on.
    Conflict
        If it was withdrawn before.
    """

    def permitted(customer: Customer, message: OutboxMessage, now: datetime) -> str | None:
        point = orjson.loads(message.payload)["contact_point"]
        return against(in_force, customer, message.action_id, point, now)

    await ledger.delivered(outbox_id, permitted, in_force.stop)


def _against(ledger: Ledger, in_force: InForce, message: OutboxMessage, now: datetime) -> str | None:
    sent = orjson.loads(message.payload)
    customer = ledger.known(sent["customer_id"]).customer
    return against(in_force, customer, message.action_id, sent["contact_point"], now)


def against(in_force: InForce, customer: Customer, action_id: str, point: str | None, now: datetime) -> str | None:
    """Why an action may no longer be executed at a contact point, None where it may."""
    action = in_force.catalogue.by_id.get(action_id)
    if action is None or not action.valid_at(now):
        return f"`{action_id}` is no longer on offer."
    if not considered(customer, [action]):
        return "The customer objected to marketing."
    facts = Facts(customer if point is None else _reached_at(customer, point), now)
    rules = {rule.id for rule in in_force.policy.rules if isinstance(rule, _PERMISSION)} | {NO_CONSENT_RULE.rule}
    said = in_force.guard.verdicts(facts, (action,))[0]
    refusal = next((one for one in said if one.rule in rules and one.effect is Effect.SUPPRESS), None)
    return None if refusal is None else f"rule `{refusal.rule}`: {refusal.reason}"


def _reached_at(customer: Customer, point: str) -> Customer:
    """The customer with this contact point alone, since consent for another does not cover it."""
    return replace(customer, contact_points=tuple(one for one in customer.contact_points if one.contact_point == point))
