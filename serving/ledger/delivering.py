"""The executor's side of the outbox: what has been delivered, or withdrawn before it was, leaves the queue once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from decisioning.customer import Customer
from decisioning.errors import Conflict, NotFound, Refused
from decisioning.stopping import STOP, Stop
from serving.ledger.contacting import free
from serving.ledger.intake import raise_versions
from serving.ledger.knowing import HISTORY, known
from serving.ledger.queries.contacts import SLOT
from serving.ledger.queries.outbox import DELIVER, MESSAGE, WITHDRAW
from serving.ledger.records import OutboxMessage
from serving.ledger.stopping import against_message
from serving.ledger.times import micros, moment
from serving.ledger.transaction import Row, Transaction
from serving.ledger.vault import PAYLOAD, opened_text

Permitted = Callable[[Customer, OutboxMessage, datetime], str | None]
"""Asked with fresh facts inside the transaction: None to go on, or why the message may not be sent any more."""


def delivered(
    transaction: Transaction,
    now: datetime,
    outbox_id: str,
    permitted: Permitted | None = None,
    also: Stop | None = None,
) -> bool | Refused:
    """Mark a message as delivered; False if it was already.

    One that is not permitted any more is withdrawn instead. That is returned and not raised, so that it stays so. One
    that an order stops is refused and waits on; `also` is the policy's order.

    Raises
    ------
    NotFound
        If there is no such message.
    Conflict
        If it was withdrawn.
    """
    delivered_at, withdrawn_at, because, *said = message(transaction, outbox_id)
    if withdrawn_at is not None:
        remedy = "do not send it; its slot is free again"
        raise Conflict(f"the message was withdrawn: {because}", field="outbox_id", value=outbox_id, remedy=remedy)
    if delivered_at is not None:
        return False
    stop = against_message(transaction, outbox_id, also)
    if stop is not None:
        remedy = "do not send it now; it waits in the outbox until the order is lifted"
        return Refused(f"rule `{STOP}`: {stop.sentence}", field="outbox_id", value=outbox_id, remedy=remedy)
    against = None if permitted is None else _against(transaction, now, outbox_id, said, permitted)
    if against is not None:
        take_back(transaction, now, outbox_id, against)
        return Refused(against, field="outbox_id", value=outbox_id, remedy="do not send it; its slot is free again")
    return bool(transaction.run(DELIVER, {"message": outbox_id, "at": micros(now)}))


def _against(
    transaction: Transaction, now: datetime, outbox_id: str, said: Sequence[Any], permitted: Permitted
) -> str | None:
    found = waiting(transaction, (outbox_id, *said))
    customer_id = transaction.rows(SLOT, {"contact_id": found.contact_id})[0][0]
    return permitted(known(transaction, customer_id, now - HISTORY).customer, found, now)


def waiting(transaction: Transaction, row: Row) -> OutboxMessage:
    """A message from its id, decision, slot, action, kind, what it says and when it was put there."""
    outbox_id, decision_id, contact_id, action_id, kind, payload, created_at = row
    said = opened_text(transaction, decision_id, PAYLOAD, payload)
    return OutboxMessage(outbox_id, decision_id, contact_id, action_id, kind, said or "", moment(created_at))


def message(transaction: Transaction, outbox_id: str) -> Row:
    """When the message was delivered and withdrawn, and why, then what it says.

    Raises
    ------
    NotFound
        If there is no such message.
    """
    row = transaction.row(MESSAGE, {"outbox_id": outbox_id})
    if row is None:
        raise NotFound("no such message in the outbox", field="outbox_id", value=outbox_id)
    return row


def withdraw(transaction: Transaction, now: datetime, outbox_id: str, contact_id: str, because: str) -> None:
    """Take a message that waits off the outbox and free its slot."""
    transaction.run(WITHDRAW, {"message": outbox_id, "at": micros(now), "because": because})
    free(transaction, contact_id)


def take_back(transaction: Transaction, now: datetime, outbox_id: str, because: str) -> bool:
    """Withdraw a message that waits; False if it was delivered or withdrawn before.

    Raises
    ------
    NotFound
        If there is no such message.
    """
    delivered_at, withdrawn_at, _, _, contact_id, *_ = message(transaction, outbox_id)
    if delivered_at is not None or withdrawn_at is not None:
        return False
    customer_id = transaction.rows(SLOT, {"contact_id": contact_id})[0][0]
    withdraw(transaction, now, outbox_id, contact_id, because)
    raise_versions(transaction, now, (customer_id,))
    return True
