"""Erasing a customer (GDPR, Article 17), so that what was decided stays on record and whom it was about does not.

The customer's key is deleted, and with it everything that was sealed under it. Facts are deleted; slots, cases and
messages that decisions refer to stay without a name. What waits to be sent is withdrawn, and what waits for a person
ends in hold. An objection by keyed hash keeps marketing away from whoever comes back under the same id or address.

What arrives later about an erased id is sorted by its time. A fact from before the erasure is not taken. One from after
it, and every profile that a source system reports, begins a new record under a new key, which the objection strikes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from heed.decisioning.customer import EPOCH
from heed.decisioning.errors import NotFound
from heed.serving.ledger.backend.locks import Locks
from heed.serving.ledger.backend.times import micros, moment
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import get_key
from heed.serving.ledger.encryption.pii import CONTACT_POINT, contact_points, shown
from heed.serving.ledger.facts.cancellation import withdraw
from heed.serving.ledger.facts.identity import present_id
from heed.serving.ledger.facts.lock_keys import of_customers, of_objections
from heed.serving.ledger.facts.objections import record_objections, strike
from heed.serving.ledger.facts.snapshot import version
from heed.serving.ledger.facts.tombstones import last_erasure, nameless
from heed.serving.ledger.queries.erasing import (
    ADD_ERASURE,
    ALIASES,
    BLANK_CASES,
    BLANK_MESSAGE,
    BLANK_REASON,
    BLANK_SLOTS,
    CONSENTED_POINTS_OF,
    FORGOTTEN,
    HAS_KEY,
    MESSAGES_OF,
)
from heed.serving.ledger.queries.objections import HOLDERS, OBJECTIONS_OF_CUSTOMER
from heed.serving.ledger.queries.reviews import UNSETTLED_OF
from heed.serving.ledger.reports import ObjectionReport
from heed.serving.ledger.reviews.transitions import case_of, end_in_hold

BECAUSE = "The customer was erased."


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What became of a customer.

    Attributes
    ----------
    erased : bool
        Whether this call did it; False where it was done before and nothing has come since.
    erased_at : datetime
        When it was done.
    others_struck : int
        How many other customers have a contact point of this one, and lose marketing with the objection to it.
    """

    erased: bool
    erased_at: datetime
    others_struck: int = 0


class SharedContactPoints(StrEnum):
    """What becomes of contact points that others have as well: nobody is told whose they are.

    To `strike` keeps marketing away from the erased person for certain, and from the others too. To `spare` leaves such
    a contact point to the others: under it alone the person is not known again.
    """

    STRIKE = "strike"
    SPARE = "spare"


def erase(
    transaction: Transaction, now: datetime, customer_id: str, shared: SharedContactPoints = SharedContactPoints.STRIKE
) -> ErasureResult:
    """Erase a customer under all their ids.

    Parameters
    ----------
    shared : SharedContactPoints
        What becomes of contact points that others have as well.

    Raises
    ------
    NotFound
        If there is nothing on record, and nothing was erased.
    """
    present = present_id(transaction, customer_id)
    names = _names(transaction, present)
    if not any(_held(transaction, name) for name in names):
        before = last_erasure(transaction, customer_id)
        if before is None:
            raise NotFound("no such customer", field="customer_id")
        return ErasureResult(erased=False, erased_at=moment(before[0]))
    others = {point: _others(transaction, point, names) for point in _points(transaction, names)}
    struck = {point: found for point, found in others.items() if shared is SharedContactPoints.STRIKE or not found}
    _object(transaction, now, names, sorted(struck))
    for name in names:
        _forget(transaction, now, name)
    return ErasureResult(erased=True, erased_at=now, others_struck=len(set().union(*struck.values())))


def of_erasure(customer_id: str) -> Locks:
    """The customer under all ids, and everyone who shares a contact point, whom the objection strikes too."""

    def found(transaction: Transaction) -> Iterator[str]:
        names = _names(transaction, present_id(transaction, customer_id))
        yield from of_customers(customer_id, *names)(transaction)
        yield from of_objections(_objections(EPOCH, names[0], _points(transaction, names)))(transaction)

    return found


def _names(transaction: Transaction, present: str) -> list[str]:
    return [present, *(row[0] for row in transaction.rows(ALIASES, {"customer_id": present}))]


def _held(transaction: Transaction, customer_id: str) -> bool:
    who = {"customer_id": customer_id}
    return version(transaction, customer_id) > 0 or transaction.row(HAS_KEY, who) is not None


def _points(transaction: Transaction, names: Sequence[str]) -> list[str]:
    return sorted({point for name in names for point in _points_of(transaction, name)})


def _points_of(transaction: Transaction, name: str) -> Iterator[str]:
    key = get_key(transaction, name)
    yield from (one.contact_point for one in contact_points(transaction, name, key))
    for consent_id, sealed in transaction.rows(CONSENTED_POINTS_OF, {"customer_id": name}):
        yield shown(key, CONTACT_POINT, consent_id, sealed)


def _objections(now: datetime, present: str, points: Sequence[str]) -> list[ObjectionReport]:
    return [ObjectionReport(now, customer_id=present), *(ObjectionReport(now, contact_point=one) for one in points)]


def _others(transaction: Transaction, contact_point: str, names: Sequence[str]) -> set[str]:
    """Customers besides this one who have the contact point."""
    hashed = transaction.seal.contact_point(contact_point)
    return {row[0] for row in transaction.rows(HOLDERS, {"contact_point": hashed})} - set(names)


def _object(transaction: Transaction, now: datetime, names: Sequence[str], points: Sequence[str]) -> None:
    """Keep marketing away from the person under every id, and from these contact points."""
    record_objections(transaction, now, _objections(now, names[0], points))
    subject = {"subject": transaction.seal.customer(names[0])}
    for (objection_id,) in transaction.rows(OBJECTIONS_OF_CUSTOMER, subject):
        for alias in names[1:]:
            strike(transaction, now, alias, objection_id)


def _forget(transaction: Transaction, now: datetime, name: str) -> None:
    who = {"customer_id": name}
    subject = transaction.seal.customer(name)
    left = {"old": name, "new": nameless(subject)}
    values = {"subject": subject, "erased_at": micros(now), "version": version(transaction, name)}
    for row in transaction.rows(UNSETTLED_OF, who):
        end_in_hold(transaction, now, case_of(transaction, row, now), "erased")
    for outbox_id, contact_id, delivered_at, withdrawn_at in transaction.rows(MESSAGES_OF, who):
        if delivered_at is None and withdrawn_at is None:
            withdraw(transaction, now, outbox_id, contact_id, BECAUSE)
        transaction.run(BLANK_MESSAGE, {"message": outbox_id})
        transaction.run(BLANK_REASON, {"message": outbox_id, "because": BECAUSE})
    for statement in (BLANK_CASES, BLANK_SLOTS):
        transaction.run(statement, left)
    for forget in FORGOTTEN:
        transaction.run(forget, who)
    transaction.run(ADD_ERASURE, values)
