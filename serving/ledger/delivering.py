"""The executor's side of the outbox: what has been delivered, or withdrawn before it was, leaves the queue once."""

from datetime import datetime

from decisioning.errors import Conflict, NotFound
from serving.ledger import queries
from serving.ledger.contacting import free
from serving.ledger.intake import raise_versions
from serving.ledger.times import micros
from serving.ledger.transaction import Row, Transaction


def delivered(transaction: Transaction, now: datetime, outbox_id: str) -> bool:
    """Mark a message as delivered; False if it was already.

    Raises
    ------
    NotFound
        If there is no such message.
    Conflict
        If it was withdrawn.
    """
    delivered_at, withdrawn_at, because = message(transaction, outbox_id)[:3]
    if withdrawn_at is not None:
        remedy = "do not send it; its slot is free again"
        raise Conflict(f"the message was withdrawn: {because}", field="outbox_id", value=outbox_id, remedy=remedy)
    if delivered_at is not None:
        return False
    return bool(transaction.run(queries.DELIVER, {"message": outbox_id, "at": micros(now)}))


def message(transaction: Transaction, outbox_id: str) -> Row:
    """When the message was delivered and withdrawn, and why, then its decision, contact and action.

    Raises
    ------
    NotFound
        If there is no such message.
    """
    row = transaction.row(queries.MESSAGE, {"outbox_id": outbox_id})
    if row is None:
        raise NotFound("no such message in the outbox", field="outbox_id", value=outbox_id)
    return row


def withdraw(transaction: Transaction, now: datetime, outbox_id: str, contact_id: str, because: str) -> None:
    """Take a message that waits off the outbox and free its slot."""
    transaction.run(queries.WITHDRAW, {"message": outbox_id, "at": micros(now), "because": because})
    free(transaction, contact_id)


def take_back(transaction: Transaction, now: datetime, outbox_id: str, because: str) -> bool:
    """Withdraw a message that waits; False if it was delivered or withdrawn before.

    Raises
    ------
    NotFound
        If there is no such message.
    """
    delivered_at, withdrawn_at, _, _, contact_id, _ = message(transaction, outbox_id)
    if delivered_at is not None or withdrawn_at is not None:
        return False
    customer_id = transaction.rows(queries.SLOT, {"contact_id": contact_id})[0][0]
    withdraw(transaction, now, outbox_id, contact_id, because)
    raise_versions(transaction, now, (customer_id,))
    return True
