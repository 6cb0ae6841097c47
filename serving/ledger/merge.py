"""Two customers who turn out to be one. Merging never widens what may be done: the more restrained of the two holds.

All facts of one move to the other in one transaction, and the old id stays behind as another name of the other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from heed.decisioning.canonical import Scalar
from heed.decisioning.customer import Consent, Customer
from heed.decisioning.errors import Conflict, NotFound
from heed.serving.ledger.backend.repository import writes
from heed.serving.ledger.backend.times import to_micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import get_key, get_or_create_key
from heed.serving.ledger.encryption.pii import Profile
from heed.serving.ledger.facts.consent_merge import carried_over
from heed.serving.ledger.facts.consents import Statement, retire_consent, statements_of, take_consents
from heed.serving.ledger.facts.contacts import move_contacts
from heed.serving.ledger.facts.customers import (
    current_id,
    customer_locks,
    merge_ids,
    raise_versions,
    replace_contact_points,
    set_profile,
    set_reported,
)
from heed.serving.ledger.facts.objections import strike_also, strike_holder
from heed.serving.ledger.facts.outcomes import move_outcomes
from heed.serving.ledger.facts.profiles import unique_points
from heed.serving.ledger.facts.reports import ConsentReport
from heed.serving.ledger.facts.signals import move_signals
from heed.serving.ledger.facts.snapshot import customer_snapshot
from heed.serving.ledger.facts.suppressions import add_suppression
from heed.serving.ledger.reviews import move_cases

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What became of two customers: the one id that both go by, and whether this call made it so."""

    customer_id: str
    merged: bool


@dataclass(frozen=True, slots=True)
class _Person:
    """One of the two, as they were before."""

    customer: Customer
    statements: tuple[Statement, ...] = ()

    @property
    def customer_id(self) -> str:
        return self.customer.customer_id

    @property
    def consents(self) -> list[Consent]:
        return [statement.consent for statement in self.statements]


def _locks(transaction: Transaction, customer_id: str, old_id: str) -> Iterator[str]:
    return customer_locks(transaction, (customer_id, old_id))


@writes(locks=_locks)
def merge_customers(transaction: Transaction, now: datetime, customer_id: str, old_id: str) -> MergeResult:
    """Let `old_id` be another name of `customer_id`, with all that is known of both.

    Raises
    ------
    Conflict
        If both are one id in two spellings.
    NotFound
        If neither is on record.
    """
    if customer_id == old_id:
        remedy = "name two customers"
        raise Conflict("a customer cannot be merged into itself", field="from", value=old_id, remedy=remedy)
    new, old = current_id(transaction, customer_id), current_id(transaction, old_id)
    if new == old:
        return MergeResult(new, merged=False)
    ours, theirs = _person(transaction, now, new), _person(transaction, now, old)
    if ours is None and theirs is None:
        raise NotFound("no such customer", field="customer_id", value=customer_id)
    raise_versions(transaction, now, (new, old))
    kept, merged = ours or _Person(Customer(new)), theirs or _Person(Customer(old))
    if theirs is not None:
        _carry_over(transaction, now, kept, merged, new)
        _carry_over(transaction, now, merged, kept, new)
    _merge_profiles(transaction, now, kept.customer, merged.customer)
    _move(transaction, now, new, old)
    return MergeResult(new, merged=True)


def _person(transaction: Transaction, now: datetime, customer_id: str) -> _Person | None:
    found = customer_snapshot(transaction, now, customer_id, since=now)
    if not found.exists:
        return None
    key = get_key(transaction, customer_id)
    return _Person(found.customer, statements_of(transaction, customer_id, key))


def _carry_over(transaction: Transaction, now: datetime, own: _Person, other: _Person, new: str) -> None:
    """Replace each statement by what it becomes, under ids that keep statements of one moment in their order."""
    own_points, other_points = own.customer.contact_points, other.customer.contact_points
    for place, statement in enumerate(own.statements):
        retire_consent(transaction, now, statement.consent_id)
        for number, consent in enumerate(carried_over(statement.consent, own_points, other_points, other.consents)):
            consent_id = f"merged:{to_micros(now)}:{own.customer_id}:{place:09}:{number:09}"
            take_consents(transaction, now, [_report(consent_id, new, consent)])


def _report(consent_id: str, customer_id: str, consent: Consent) -> ConsentReport:
    return ConsentReport(
        consent_id=consent_id,
        customer_id=customer_id,
        channel=consent.channel,
        purpose=consent.purpose,
        status=consent.status,
        recorded_at=consent.recorded_at,
        contact_point=consent.contact_point,
        basis=consent.basis,
        expires_at=consent.expires_at,
        topic=consent.topic,
    )


def _merge_profiles(transaction: Transaction, now: datetime, ours: Customer, theirs: Customer) -> None:
    new, points = ours.customer_id, unique_points((*ours.contact_points, *theirs.contact_points))
    profile = Profile(
        _common(ours.attributes, theirs.attributes),
        _agreed(ours.time_zone, theirs.time_zone),
        _agreed(ours.jurisdiction, theirs.jurisdiction),
        _lower(ours.identity, theirs.identity),
    )
    key = get_or_create_key(transaction, now, new)
    set_profile(transaction, key, new, profile)
    reported = [at for at in (ours.reported_at, theirs.reported_at) if at is not None]
    set_reported(transaction, new, min(reported, default=None))
    replace_contact_points(transaction, key, theirs.customer_id, ())
    replace_contact_points(transaction, key, new, points)
    for suppression in theirs.suppressions:
        add_suppression(transaction, now, new, suppression)
    strike_holder(transaction, now, new, points)


def _move(transaction: Transaction, now: datetime, new: str, old: str) -> None:
    move_signals(transaction, now, new, old)
    move_outcomes(transaction, now, new, old)
    move_contacts(transaction, new, old)
    move_cases(transaction, new, old)
    strike_also(transaction, now, old, [new])
    # Both may have had messages waiting, and an objection of one is an objection of the one they are.
    strike_also(transaction, now, new, [new])
    merge_ids(transaction, new, old)


def _common(ours: Mapping[str, Scalar], theirs: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """What both say, or the one that says something. Where they disagree nothing is known, so that rules suppress."""
    joined: dict[str, Scalar] = {name: _agreed(ours.get(name), theirs.get(name)) for name in [*ours, *theirs]}
    return {name: value for name, value in joined.items() if value is not None}


def _agreed(ours: Value, theirs: Value) -> Value | None:
    """What both say, or the one that says something; unknown where they disagree, so that all that may be counts."""
    if ours is None or theirs is None:
        return theirs if ours is None else ours
    return ours if ours == theirs else None


def _lower(ours: float | None, theirs: float | None) -> float | None:
    stated = [identity for identity in (ours, theirs) if identity is not None]
    return min(stated, default=None)
