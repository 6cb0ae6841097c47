"""Who was erased, when, and at which version: as a keyed hash, so that the record names nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select

from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.times import from_micros, to_micros
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.schema import erasures


@dataclass(frozen=True, slots=True)
class Tombstone:
    """When a customer was last erased, and the last version of what was known of them."""

    erased_at: datetime
    version: int


_LAST_ERASURE = select(func.max(erasures.c.erased_at), func.max(erasures.c.version)).where(
    erasures.c.subject == bindparam("subject")
)


def tombstone_query(key_ring: KeyRing, customer_id: str) -> Query:
    """The query of :func:`tombstone`."""
    return _LAST_ERASURE, {"subject": key_ring.hash_customer(customer_id)}


def tombstone(transaction: Transaction, customer_id: str) -> Tombstone | None:
    """The last erasure under this id, None where there was none."""
    return _from_rows(transaction.rows(*tombstone_query(transaction.key_ring, customer_id)))


def tombstones(transaction: Transaction, customer_ids: Sequence[str]) -> list[Tombstone | None]:
    """The last erasure under each of these ids."""
    queries = [tombstone_query(transaction.key_ring, customer_id) for customer_id in customer_ids]
    return [_from_rows(rows) for rows in transaction.batch(queries)]


def _from_rows(rows: Sequence[Row]) -> Tombstone | None:
    return None if not rows or rows[0][0] is None else Tombstone(from_micros(rows[0][0]), rows[0][1])


_ADD_ERASURE = insert(erasures)


def add_tombstone(transaction: Transaction, now: datetime, customer_id: str, version: int) -> None:
    """Record that a customer was erased at this version."""
    subject = transaction.key_ring.hash_customer(customer_id)
    transaction.run(_ADD_ERASURE, {"subject": subject, "erased_at": to_micros(now), "version": version})


def erased_id(key_ring: KeyRing, customer_id: str) -> str:
    """What stands in the place of an erased customer's id."""
    return f"erased:{key_ring.hash_customer(customer_id)}"
