"""Two customers who turn out to be one. Merging never widens what may be done: the more restrained of the two holds.

All facts of one move to the other in one transaction, and the old id stays behind as another name of the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from heed.decisioning.canonical import Scalar
from heed.decisioning.customer import Consent, Customer
from heed.decisioning.errors import Conflict, NotFound
from heed.serving.ledger.backend.times import micros, micros_or_none
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import get_key, get_or_create_key
from heed.serving.ledger.encryption.pii import Profile, sealed_profile
from heed.serving.ledger.facts import outcomes, signals
from heed.serving.ledger.facts.identity import present_id
from heed.serving.ledger.facts.ingest import raise_versions, take_consents
from heed.serving.ledger.facts.merged_consents import carried
from heed.serving.ledger.facts.objections import strike, strike_listed
from heed.serving.ledger.facts.profiles import add_suppression, each_once, keep_contact_points
from heed.serving.ledger.facts.snapshot import consent, known
from heed.serving.ledger.queries.customers import CHANGE_CUSTOMER
from heed.serving.ledger.queries.merging import FRESH_SINCE, MERGED, MERGED_BEFORE, MOVED, RETIRE, STATEMENTS
from heed.serving.ledger.queries.objections import OBJECTIONS_OF_CUSTOMER
from heed.serving.ledger.reports import ConsentReport

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
    statements: tuple[tuple[str, Consent], ...]

    @property
    def customer_id(self) -> str:
        return self.customer.customer_id

    @property
    def consents(self) -> list[Consent]:
        return [said for _, said in self.statements]


def merge(transaction: Transaction, now: datetime, customer_id: str, old_id: str) -> MergeResult:
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
    new, old = present_id(transaction, customer_id), present_id(transaction, old_id)
    if new == old:
        return MergeResult(new, merged=False)
    ours, theirs = _person(transaction, now, new), _person(transaction, now, old)
    if ours is None and theirs is None:
        raise NotFound("no such customer", field="customer_id", value=customer_id)
    raise_versions(transaction, now, (new, old))
    one, other = ours or _Person(Customer(new), ()), theirs or _Person(Customer(old), ())
    if theirs is not None:
        _say_again(transaction, now, one, other, new)
        _say_again(transaction, now, other, one, new)
    _join_profiles(transaction, now, one.customer, other.customer)
    _move(transaction, now, new, old)
    return MergeResult(new, merged=True)


def _person(transaction: Transaction, now: datetime, customer_id: str) -> _Person | None:
    found = known(transaction, customer_id, now)
    if not found.exists:
        return None
    rows = transaction.rows(STATEMENTS, {"customer_id": customer_id})
    key = get_key(transaction, customer_id)
    return _Person(found.customer, tuple((row[0], consent(key, row)) for row in rows))


def _say_again(transaction: Transaction, now: datetime, own: _Person, other: _Person, new: str) -> None:
    """Put in the place of each statement what it becomes, under ids that keep what was said at once in its order."""
    for place, (consent_id, said) in enumerate(own.statements):
        becomes = carried(said, own.customer.contact_points, other.customer.contact_points, other.consents)
        transaction.run(RETIRE, {"statement": consent_id, "at": micros(now)})
        for number, one in enumerate(becomes):
            own_id = f"merged:{micros(now)}:{own.customer_id}:{place:09}:{number:09}"
            take_consents(transaction, now, [_report(own_id, new, one)])


def _report(consent_id: str, customer_id: str, said: Consent) -> ConsentReport:
    return ConsentReport(
        consent_id=consent_id,
        customer_id=customer_id,
        channel=said.channel,
        purpose=said.purpose,
        status=said.status,
        recorded_at=said.recorded_at,
        contact_point=said.contact_point,
        basis=said.basis,
        expires_at=said.expires_at,
        topic=said.topic,
    )


def _join_profiles(transaction: Transaction, now: datetime, ours: Customer, theirs: Customer) -> None:
    new, points = ours.customer_id, each_once((*ours.contact_points, *theirs.contact_points))
    profile = Profile(
        _common(ours.attributes, theirs.attributes),
        _agreed(ours.time_zone, theirs.time_zone),
        _agreed(ours.jurisdiction, theirs.jurisdiction),
        _least(ours.identity, theirs.identity),
    )
    key = get_or_create_key(transaction, now, new)
    transaction.run(CHANGE_CUSTOMER, {"customer_id": new, "profile": sealed_profile(key, profile)})
    reported = [one for one in (ours.reported_at, theirs.reported_at) if one is not None]
    transaction.run(FRESH_SINCE, {"new": new, "at": micros_or_none(min(reported, default=None))})
    keep_contact_points(transaction, key, theirs.customer_id, ())
    keep_contact_points(transaction, key, new, points)
    for suppression in theirs.suppressions:
        add_suppression(transaction, now, new, suppression)
    strike_listed(transaction, now, new, points)


def _move(transaction: Transaction, now: datetime, new: str, old: str) -> None:
    signals.move(transaction, now, new, old)
    outcomes.move(transaction, now, new, old)
    for statement in MOVED:
        transaction.run(statement, {"old": old, "new": new})
    subject = {"subject": transaction.seal.customer(old)}
    for (objection_id,) in transaction.rows(OBJECTIONS_OF_CUSTOMER, subject):
        strike(transaction, now, new, objection_id)
    own = {"subject": transaction.seal.customer(new)}
    # Both may have had messages waiting, and an objection of one is an objection of the one they are.
    for (objection_id,) in transaction.rows(OBJECTIONS_OF_CUSTOMER, own):
        strike(transaction, now, new, objection_id)
    transaction.run(MERGED_BEFORE, {"old": old, "new": new})
    transaction.run(MERGED, {"old": old, "new": new})


def _common(ours: Mapping[str, Scalar], theirs: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """What both say, or the one that says something. Where they disagree nothing is known, so that rules suppress."""
    joined: dict[str, Scalar] = {name: _agreed(ours.get(name), theirs.get(name)) for name in [*ours, *theirs]}
    return {name: value for name, value in joined.items() if value is not None}


def _agreed(ours: Value, theirs: Value) -> Value | None:
    """What both say, or the one that says something; unknown where they disagree, so that all that may be counts."""
    if ours is None or theirs is None:
        return theirs if ours is None else ours
    return ours if ours == theirs else None


def _least(ours: float | None, theirs: float | None) -> float | None:
    told = [one for one in (ours, theirs) if one is not None]
    return min(told, default=None)
