"""Erasing a customer (GDPR, Article 17): what was decided stays on record, whom it was about does not.

The customer's key is deleted, and with it everything that was encrypted under it. Facts are deleted; slots, cases and
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
from heed.serving.ledger import outbox
from heed.serving.ledger.backend.repository import writes
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import delete_key, get_key, has_key
from heed.serving.ledger.facts.consents import consented_points, delete_consents
from heed.serving.ledger.facts.contacts import blank_slots, delete_external_contacts, withdraw_message
from heed.serving.ledger.facts.customers import (
    all_ids,
    contact_points_of,
    current_id,
    customer_locks,
    delete_contact_points,
    delete_customer,
    holders,
    version,
)
from heed.serving.ledger.facts.objections import objection_locks, record_objections, strike_also
from heed.serving.ledger.facts.outcomes import delete_outcomes
from heed.serving.ledger.facts.reports import ObjectionReport
from heed.serving.ledger.facts.signals import delete_signals
from heed.serving.ledger.facts.suppressions import delete_suppressions
from heed.serving.ledger.facts.tombstones import add_tombstone, tombstone
from heed.serving.ledger.reviews import blank_cases, end_in_hold

_BECAUSE = "The customer was erased."


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


def _locks(transaction: Transaction, customer_id: str, *_: object, **__: object) -> Iterator[str]:
    """The customer under all ids, and everyone who shares a contact point, whom the objection strikes too."""
    ids = all_ids(transaction, current_id(transaction, customer_id))
    yield from customer_locks(transaction, (customer_id, *ids))
    yield from objection_locks(transaction, _objections(EPOCH, ids[0], _contact_points(transaction, ids)))


@writes(locks=_locks, scrub=True)
def erase_customer(
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
    ids = all_ids(transaction, current_id(transaction, customer_id))
    if not any(_on_record(transaction, known_as) for known_as in ids):
        before = tombstone(transaction, customer_id)
        if before is None:
            raise NotFound("no such customer", field="customer_id")
        return ErasureResult(erased=False, erased_at=before.erased_at)
    others = {point: holders(transaction, point) - set(ids) for point in _contact_points(transaction, ids)}
    struck = {point: found for point, found in others.items() if shared is SharedContactPoints.STRIKE or not found}
    _object(transaction, now, ids, sorted(struck))
    for known_as in ids:
        _delete(transaction, now, known_as)
    return ErasureResult(erased=True, erased_at=now, others_struck=len(set().union(*struck.values())))


def _on_record(transaction: Transaction, customer_id: str) -> bool:
    return version(transaction, customer_id) > 0 or has_key(transaction, customer_id)


def _contact_points(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    return sorted({point for customer_id in ids for point in _contact_points_of(transaction, customer_id)})


def _contact_points_of(transaction: Transaction, customer_id: str) -> Iterator[str]:
    key = get_key(transaction, customer_id)
    yield from (point.contact_point for point in contact_points_of(transaction, customer_id, key))
    yield from consented_points(transaction, customer_id, key)


def _objections(now: datetime, customer_id: str, points: Sequence[str]) -> list[ObjectionReport]:
    by_point = (ObjectionReport(now, contact_point=point) for point in points)
    return [ObjectionReport(now, customer_id=customer_id), *by_point]


def _object(transaction: Transaction, now: datetime, ids: Sequence[str], points: Sequence[str]) -> None:
    """Keep marketing away from the person under every id, and from these contact points."""
    record_objections(transaction, now, _objections(now, ids[0], points))
    strike_also(transaction, now, ids[0], ids[1:])


def _delete(transaction: Transaction, now: datetime, customer_id: str) -> None:
    """Delete what is on record under one id, and take the name off what stays."""
    last_version = version(transaction, customer_id)
    end_in_hold(transaction, now, customer_id, "erased")
    for outbox_id, message in outbox.messages_to(transaction, customer_id):
        if message.waits:
            withdraw_message(transaction, now, outbox_id, message.contact_id, _BECAUSE)
        outbox.blank_message(transaction, outbox_id, _BECAUSE)
    for delete in (
        blank_cases,
        blank_slots,
        delete_external_contacts,
        delete_contact_points,
        delete_signals,
        delete_consents,
        delete_suppressions,
        delete_outcomes,
        delete_key,
        delete_customer,
    ):
        delete(transaction, customer_id)
    add_tombstone(transaction, now, customer_id, last_version)
