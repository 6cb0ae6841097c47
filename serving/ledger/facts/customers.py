"""Who is on record: ids, versions, profiles and contact points.

A customer who was merged into another goes on under the other's id, wherever the old one comes in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import bindparam, delete, insert, select, update

from heed.decisioning.customer import ContactPoint
from heed.serving.ledger.backend.times import from_micros_or_none, to_micros, to_micros_or_none
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.encryption.data_keys import DataKey, unwrap_key
from heed.serving.ledger.encryption.pii import (
    Profile,
    decrypt_contact_point,
    decrypt_profile,
    encrypt_contact_point,
    encrypt_profile,
)
from heed.serving.ledger.facts.tombstones import tombstone, tombstone_query
from heed.serving.ledger.schema import OF_WHOM, contact_points, customers, data_keys, pick


class AboutCustomer(Protocol):
    """A report that names a customer."""

    @property
    def customer_id(self) -> str:
        """Whom it is about."""
        ...


R = TypeVar("R", bound=AboutCustomer)


def customer_lock(customer_id: str) -> str:
    """The lock of one id of a customer."""
    return f"customer:{customer_id}"


def customer_locks(transaction: Transaction, customer_ids: Iterable[str]) -> Iterator[str]:
    """The locks of customers under these ids and under those they go by now."""
    for customer_id, current in current_ids(transaction, customer_ids).items():
        yield customer_lock(customer_id)
        yield customer_lock(current)


def report_locks(transaction: Transaction, reports: Sequence[AboutCustomer]) -> Iterator[str]:
    """The locks of the customers that reports are about."""
    return customer_locks(transaction, {report.customer_id for report in reports})


def contact_point_lock(contact_point: str) -> str:
    """The lock of a contact point, whoever has it."""
    return f"point:{contact_point}"


_MERGED_INTO = select(customers.c.merged_into).where(customers.c.customer_id == OF_WHOM)


def current_id(transaction: Transaction, customer_id: str) -> str:
    """The id under which the customer is on record now."""
    return _current(customer_id, transaction.rows(_MERGED_INTO, {"customer_id": customer_id}))


def current_ids(transaction: Transaction, customer_ids: Iterable[str]) -> dict[str, str]:
    """The ids under which customers are on record now, by those under which they came."""
    given = list(dict.fromkeys(customer_ids))
    rows = transaction.batch([(_MERGED_INTO, {"customer_id": customer_id}) for customer_id in given])
    return dict(zip(given, map(_current, given, rows), strict=True))


def under_current_ids(transaction: Transaction, reports: Sequence[R]) -> list[R]:
    """The reports, each naming its customer by the current id."""
    current = current_ids(transaction, (report.customer_id for report in reports))
    return [
        report
        if current[report.customer_id] == report.customer_id
        else replace(report, customer_id=current[report.customer_id])  # type: ignore[type-var]
        for report in reports
    ]


def _current(customer_id: str, rows: Sequence[Row]) -> str:
    return customer_id if not rows or rows[0][0] is None else str(rows[0][0])


_ALIASES = select(customers.c.customer_id).where(customers.c.merged_into == OF_WHOM).order_by(customers.c.customer_id)


def all_ids(transaction: Transaction, current: str) -> list[str]:
    """The current id of a customer, then the ids that were merged into it."""
    return [current, *(row[0] for row in transaction.rows(_ALIASES, {"customer_id": current}))]


_ANYBODY = select(customers.c.customer_id).limit(1)


def anybody(transaction: Transaction) -> bool:
    """Whether anybody is on record."""
    return transaction.row(_ANYBODY, {}) is not None


# --- versions

_VERSION = select(customers.c.version).where(customers.c.customer_id == OF_WHOM)


def version_query(customer_id: str) -> Query:
    """The query of :func:`version`."""
    return _VERSION, {"customer_id": customer_id}


def version(transaction: Transaction, customer_id: str) -> int:
    """The customer's version, 0 for one who is unknown."""
    row = transaction.row(*version_query(customer_id))
    return 0 if row is None else int(row[0])


_RAISE_VERSION = update(customers).where(customers.c.customer_id == OF_WHOM).values(version=customers.c.version + 1)


def raise_version(transaction: Transaction, customer_id: str) -> None:
    """Raise the version of a customer by one; one who is not on record is not created."""
    transaction.defer(_RAISE_VERSION, {"customer_id": customer_id})


def raise_versions(transaction: Transaction, now: datetime, customer_ids: Iterable[str]) -> None:
    """Raise each customer's version by one, creating the customers that are new.

    In order of the ids, so that two transactions that lock customers can never wait for each other.
    """
    ordered = sorted(set(customer_ids))
    known = transaction.batch([version_query(customer_id) for customer_id in ordered])
    new = {customer_id for customer_id, rows in zip(ordered, known, strict=True) if not rows}
    transaction.prefetch([tombstone_query(transaction.key_ring, customer_id) for customer_id in sorted(new)])
    for customer_id in ordered:
        if customer_id in new:
            add_customer(transaction, now, customer_id)
        else:
            raise_version(transaction, customer_id)


_ADD_CUSTOMER = insert(customers)


def add_customer(transaction: Transaction, now: datetime, customer_id: str, *, profile: str | None = None) -> None:
    """Create a customer at version 1, or after the last version of one who was erased under this id."""
    erased = tombstone(transaction, customer_id)
    values = {
        "customer_id": customer_id,
        "version": 1 if erased is None else erased.version + 1,
        "profile": profile,
        "created_at": to_micros(now),
        "reported_at": None,
        "merged_into": None,
    }
    transaction.defer(_ADD_CUSTOMER, values)


# --- profiles


@dataclass(frozen=True, slots=True)
class StoredCustomer:
    """A customer's row, with the key under which the profile is encrypted."""

    version: int
    encrypted_profile: str | None
    reported_at: datetime | None
    merged_into: str | None
    key: DataKey | None

    def profile(self) -> Profile:
        """The profile; an empty one where nothing was reported."""
        return decrypt_profile(self.key, self.encrypted_profile)


_CUSTOMER = (
    select(
        customers.c.version,
        customers.c.profile,
        customers.c.reported_at,
        customers.c.merged_into,
        data_keys.c.key_id,
        data_keys.c.wrapped,
    )
    .select_from(customers.outerjoin(data_keys, data_keys.c.customer_id == customers.c.customer_id))
    .where(customers.c.customer_id == OF_WHOM)
)


def customer_query(customer_id: str) -> Query:
    """The query of :func:`find_customer`."""
    return _CUSTOMER, {"customer_id": customer_id}


def find_customer(transaction: Transaction, customer_id: str) -> StoredCustomer | None:
    """The customer of this id, None where there is none."""
    row = transaction.row(*customer_query(customer_id))
    if row is None:
        return None
    version, profile, reported_at, merged_into, key_id, wrapped = row
    key = None if key_id is None else unwrap_key(transaction.key_ring, key_id, bytes(wrapped))
    return StoredCustomer(version, profile, from_micros_or_none(reported_at), merged_into, key)


_SET_PROFILE = update(customers).where(customers.c.customer_id == OF_WHOM).values(profile=bindparam("profile"))


def set_profile(transaction: Transaction, key: DataKey, customer_id: str, profile: Profile) -> None:
    """Put this profile in the place of the one on record."""
    transaction.defer(_SET_PROFILE, {"customer_id": customer_id, "profile": encrypt_profile(key, profile)})


_SET_REPORTED = update(customers).where(customers.c.customer_id == OF_WHOM).values(reported_at=bindparam("at"))


def set_reported(transaction: Transaction, customer_id: str, at: datetime | None) -> None:
    """Note when a source system last reported the customer."""
    transaction.defer(_SET_REPORTED, {"customer_id": customer_id, "at": to_micros_or_none(at)})


# --- contact points

_CONTACT_POINTS = (
    pick(contact_points, "contact_point channel sealed")
    .where(contact_points.c.customer_id == OF_WHOM)
    .order_by(contact_points.c.position)
)


def contact_points_query(customer_id: str) -> Query:
    """The query of :func:`contact_points_of`."""
    return _CONTACT_POINTS, {"customer_id": customer_id}


def contact_points_of(transaction: Transaction, customer_id: str, key: DataKey | None) -> tuple[ContactPoint, ...]:
    """The customer's contact points in the order of the report."""
    rows = transaction.rows(*contact_points_query(customer_id))
    return tuple([decrypt_contact_point(key, hashed, channel, sealed) for hashed, channel, sealed in rows])


_DROP_CONTACT_POINTS = delete(contact_points).where(contact_points.c.customer_id == OF_WHOM)
_ADD_CONTACT_POINT = insert(contact_points)


def replace_contact_points(
    transaction: Transaction, key: DataKey, customer_id: str, points: Sequence[ContactPoint]
) -> None:
    """Put these contact points in the place of those on record."""
    transaction.defer(_DROP_CONTACT_POINTS, {"customer_id": customer_id})
    for position, point in enumerate(points):
        hashed = transaction.key_ring.hash_contact_point(point.contact_point)
        values = {
            "customer_id": customer_id,
            "channel": point.channel,
            "contact_point": hashed,
            "position": position,
            "sealed": encrypt_contact_point(key, hashed, point),
        }
        transaction.defer(_ADD_CONTACT_POINT, values)


_HOLDERS = (
    select(contact_points.c.customer_id).where(contact_points.c.contact_point == bindparam("contact_point")).distinct()
)


def holders(transaction: Transaction, contact_point: str) -> set[str]:
    """Everybody who has the contact point."""
    hashed = transaction.key_ring.hash_contact_point(contact_point)
    return {row[0] for row in transaction.rows(_HOLDERS, {"contact_point": hashed})}


# --- merging, deleting

_POINT_AT = update(customers).where(customers.c.customer_id == bindparam("old")).values(merged_into=bindparam("new"))
_REPOINT = update(customers).where(customers.c.merged_into == bindparam("old")).values(merged_into=bindparam("new"))


def merge_ids(transaction: Transaction, new: str, old: str) -> None:
    """Let `old`, and every id that was merged into it, be another name of `new`."""
    for statement in (_REPOINT, _POINT_AT):
        transaction.run(statement, {"old": old, "new": new})


def delete_contact_points(transaction: Transaction, customer_id: str) -> None:
    """Delete the contact points of a customer who is erased."""
    transaction.run(_DROP_CONTACT_POINTS, {"customer_id": customer_id})


_DELETE_CUSTOMER = delete(customers).where(customers.c.customer_id == OF_WHOM)


def delete_customer(transaction: Transaction, customer_id: str) -> None:
    """Delete the row of a customer who is erased."""
    transaction.run(_DELETE_CUSTOMER, {"customer_id": customer_id})
