"""Objections to marketing. They are never deleted, and they follow the person (GDPR, Article 21(2) and (3)).

An objection of a contact point strikes every customer who has it, and every one for whom it is reported later. It stays
with whom it has struck, whatever contact points they have from then on.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select

from heed.decisioning.canonical import digest
from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import ContactPoint, Objection
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.repository import writes
from heed.serving.ledger.backend.times import from_micros, to_micros
from heed.serving.ledger.backend.transaction import Query, Transaction
from heed.serving.ledger.facts.contacts import withdraw_message
from heed.serving.ledger.facts.customers import (
    contact_point_lock,
    current_id,
    customer_lock,
    customer_locks,
    holders,
    raise_versions,
)
from heed.serving.ledger.facts.ingest import Fact, FactKind, IngestResult, ingest
from heed.serving.ledger.facts.reports import ObjectionReport
from heed.serving.ledger.outbox import waiting_for
from heed.serving.ledger.schema import objections, objectors, pick

_BECAUSE = "The customer objected to marketing."


def objection_locks(transaction: Transaction, reports: Sequence[ObjectionReport]) -> Iterator[str]:
    """The customers and contact points that objected, and every customer whom they strike."""
    yield from customer_locks(transaction, {report.customer_id for report in reports if report.customer_id is not None})
    for point in {report.contact_point for report in reports if report.contact_point is not None}:
        yield contact_point_lock(point)
        yield from map(customer_lock, holders(transaction, point))


@writes(locks=objection_locks)
def record_objections(transaction: Transaction, now: datetime, reports: Sequence[ObjectionReport]) -> IngestResult:
    """Take objections, and withdraw what waits to be sent; nothing of marketing goes to those who objected then."""
    accepted = sum(_record(transaction, now, report) for report in reports)
    return IngestResult(accepted, len(reports) - accepted)


_BY_ID = pick(objections, "customer contact_point recorded_at").where(objections.c.objection_id == bindparam("id"))
_OBJECTIONS = FactKind("objection_id", _BY_ID, insert(objections))


def _record(transaction: Transaction, now: datetime, report: ObjectionReport) -> bool:
    keys = transaction.key_ring
    content = {
        "customer": None if report.customer_id is None else keys.hash_customer(report.customer_id),
        "contact_point": None if report.contact_point is None else keys.hash_contact_point(report.contact_point),
        "recorded_at": to_micros(report.recorded_at),
    }
    objection_id = report.objection_id or f"content:{digest(content)}"
    if ingest(transaction, now, _OBJECTIONS, [Fact(objection_id, content)]) == [False]:
        return False
    struck = _struck(transaction, report)
    for customer_id in struck:
        strike(transaction, now, customer_id, objection_id)
    raise_versions(transaction, now, struck)
    return True


def _struck(transaction: Transaction, report: ObjectionReport) -> list[str]:
    named = [] if report.customer_id is None else [current_id(transaction, report.customer_id)]
    if report.contact_point is None:
        return named
    return sorted({*named, *holders(transaction, report.contact_point)})


_OBJECTOR = pick(objectors, "customer objection_id").where(
    objectors.c.customer == bindparam("subject"), objectors.c.objection_id == bindparam("objection_id")
)
_ADD_OBJECTOR = insert(objectors)


def strike(transaction: Transaction, now: datetime, customer_id: str, objection_id: str) -> None:
    """Let one objection strike one customer: nothing of marketing that waits is sent any more."""
    struck = {"subject": transaction.key_ring.hash_customer(customer_id), "objection_id": objection_id}
    if transaction.row(_OBJECTOR, struck) is None:
        transaction.defer(_ADD_OBJECTOR, {"customer": struck["subject"], "objection_id": objection_id})
    for outbox_id, contact_id in waiting_for(transaction, customer_id, MessageClass.MARKETING):
        withdraw_message(transaction, now, outbox_id, contact_id, _BECAUSE)


_OF_POINT = select(objections.c.objection_id).where(objections.c.contact_point == bindparam("subject"))


def strike_holder(transaction: Transaction, now: datetime, customer_id: str, points: Iterable[ContactPoint]) -> None:
    """Let the objections of these contact points strike the customer for whom they were reported."""
    for point in points:
        subject = {"subject": transaction.key_ring.hash_contact_point(point.contact_point)}
        for (objection_id,) in transaction.rows(_OF_POINT, subject):
            strike(transaction, now, customer_id, objection_id)


_IDS_OF_CUSTOMER = select(objectors.c.objection_id).where(objectors.c.customer == bindparam("subject"))


def strike_also(transaction: Transaction, now: datetime, customer_id: str, others: Sequence[str]) -> None:
    """Let every objection that struck one customer strike these as well."""
    subject = {"subject": transaction.key_ring.hash_customer(customer_id)}
    for (objection_id,) in transaction.rows(_IDS_OF_CUSTOMER, subject):
        for other in others:
            strike(transaction, now, other, objection_id)


_OF_CUSTOMER = (
    pick(objections, "recorded_at contact_point")
    .join(objectors, objectors.c.objection_id == objections.c.objection_id)
    .where(objectors.c.customer == bindparam("subject"))
    .order_by(objections.c.recorded_at, objections.c.objection_id)
)


def objections_query(key_ring: KeyRing, customer_id: str) -> Query:
    """The query of :func:`objections_of`."""
    return _OF_CUSTOMER, {"subject": key_ring.hash_customer(customer_id)}


def objections_of(transaction: Transaction, customer_id: str, points: Sequence[ContactPoint]) -> tuple[Objection, ...]:
    """The objections that struck a customer, each with the contact point where it is one of these."""
    rows = transaction.rows(*objections_query(transaction.key_ring, customer_id))
    if not rows:
        return ()
    names = {transaction.key_ring.hash_contact_point(point.contact_point): point.contact_point for point in points}
    return tuple([Objection(from_micros(at), names.get(hashed)) for at, hashed in rows])
