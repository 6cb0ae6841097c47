"""Taking a message off the outbox before it was delivered."""

from datetime import datetime

from heed.decisioning.errors import NotFound
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.facts.contacts import free
from heed.serving.ledger.facts.ingest import raise_versions
from heed.serving.ledger.queries.contacts import SLOT
from heed.serving.ledger.queries.handing import UNSETTLED
from heed.serving.ledger.queries.outbox import MESSAGE, WITHDRAW


def withdraw(transaction: Transaction, now: datetime, outbox_id: str, contact_id: str, because: str) -> None:
    """Take a message that waits off the outbox and free its slot.

    The slot goes on counting where some executor may have the message: the customer may have been contacted.
    """
    transaction.run(WITHDRAW, {"message": outbox_id, "at": micros(now), "because": because})
    if transaction.rows(UNSETTLED, {"outbox_id": outbox_id})[0][0] == 0:
        free(transaction, contact_id)


def take_back(transaction: Transaction, now: datetime, outbox_id: str, because: str) -> bool:
    """Withdraw a message that waits; False if it was delivered or withdrawn before.

    Raises
    ------
    NotFound
        If there is no such message.
    """
    row = transaction.row(MESSAGE, {"outbox_id": outbox_id})
    if row is None:
        raise no_message(outbox_id)
    contact_id, delivered_at, withdrawn_at = row
    if delivered_at is not None or withdrawn_at is not None:
        return False
    customer_id = transaction.rows(SLOT, {"contact_id": contact_id})[0][0]
    withdraw(transaction, now, outbox_id, contact_id, because)
    raise_versions(transaction, now, (customer_id,))
    return True


def no_message(outbox_id: str) -> NotFound:
    """The error of who names a message that is not there."""
    return NotFound("no such message in the outbox", field="outbox_id", value=outbox_id)
