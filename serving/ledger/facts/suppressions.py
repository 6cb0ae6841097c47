"""Orders of a source system not to contact a customer."""

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from heed.decisioning.canonical import canonical_json
from heed.decisioning.customer import Suppression
from heed.serving.ledger.backend.times import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.encryption.data_keys import DataKey, get_or_create_key
from heed.serving.ledger.encryption.pii import REASON, decrypt_value
from heed.serving.ledger.schema import OF_WHOM, pick, suppressions

_BY_ID = select(suppressions.c.suppression_id).where(suppressions.c.suppression_id == bindparam("suppression_id"))
_ADD = insert(suppressions)


def add_suppression(transaction: Transaction, now: datetime, customer_id: str, suppression: Suppression) -> bool:
    """Add one order not to contact; False if it is there already."""
    # Suppressions come without ids of their own: the content is the identity.
    own_id = transaction.key_ring.hash_suppression(canonical_json([customer_id, suppression]).decode())
    if transaction.row(_BY_ID, {"suppression_id": own_id}) is not None:
        return False
    key = get_or_create_key(transaction, now, customer_id)
    values = {
        "suppression_id": own_id,
        "customer_id": customer_id,
        "reason": key.encrypt_value(REASON, own_id, suppression.reason),
        "recorded_at": to_micros(suppression.recorded_at),
        "channel": suppression.channel,
        "until": to_micros_or_none(suppression.until),
        "received_at": to_micros(now),
    }
    transaction.defer(_ADD, values)
    return True


_OF_CUSTOMER = (
    pick(suppressions, "suppression_id reason recorded_at channel until")
    .where(suppressions.c.customer_id == OF_WHOM)
    .order_by(suppressions.c.recorded_at, suppressions.c.suppression_id)
)


def suppressions_query(customer_id: str) -> Query:
    """The query of :func:`suppressions_of`."""
    return _OF_CUSTOMER, {"customer_id": customer_id}


def suppressions_of(transaction: Transaction, customer_id: str, key: DataKey | None) -> tuple[Suppression, ...]:
    """The suppressions of a customer, in order of time."""
    return tuple([_suppression(key, row) for row in transaction.rows(*suppressions_query(customer_id))])


def _suppression(key: DataKey | None, row: Row) -> Suppression:
    own_id, reason, recorded_at, channel, until = row
    text = decrypt_value(key, REASON, own_id, reason)
    return Suppression(text, from_micros(recorded_at), channel, from_micros_or_none(until))


_DELETE = delete(suppressions).where(suppressions.c.customer_id == OF_WHOM)


def delete_suppressions(transaction: Transaction, customer_id: str) -> None:
    """Delete the suppressions of a customer who is erased."""
    transaction.run(_DELETE, {"customer_id": customer_id})
