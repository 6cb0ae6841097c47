"""The executor's side of the outbox: what has been delivered leaves the queue once."""

from datetime import datetime

from decisioning.errors import NotFound
from serving.ledger import queries
from serving.ledger.times import micros
from serving.ledger.transaction import Transaction


def delivered(transaction: Transaction, now: datetime, outbox_id: str) -> bool:
    """Mark a message as delivered; False if it was already.

    Raises
    ------
    NotFound
        If there is no such message.
    """
    row = transaction.row(queries.DELIVERED_AT, {"outbox_id": outbox_id})
    if row is None:
        raise NotFound("no such message in the outbox", field="outbox_id", value=outbox_id)
    if row[0] is not None:
        return False
    return bool(transaction.run(queries.DELIVER, {"message": outbox_id, "at": micros(now)}))
