"""Reading what is known of one customer, as the vocabulary says it."""

from datetime import datetime, timedelta

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import (
    Consent,
    ConsentStatus,
    Contact,
    ContactPoint,
    ContactState,
    Customer,
    Objection,
    OutcomeEvent,
    Suppression,
)
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.times import micros, moment, moment_or_none, moments
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.encryption.data_keys import DataKey, unwrap_key
from heed.serving.ledger.encryption.pii import BASIS, CONTACT_POINT, REASON, contact_points, profile_of, shown
from heed.serving.ledger.facts import signals
from heed.serving.ledger.queries.consents import CONSENTS, SUPPRESSIONS
from heed.serving.ledger.queries.contacts import CONTACTS
from heed.serving.ledger.queries.customers import CONTACT_POINTS, CUSTOMER, VERSION
from heed.serving.ledger.queries.objections import OBJECTIONS
from heed.serving.ledger.queries.outcomes import HAPPENINGS
from heed.serving.ledger.records import CustomerSnapshot

# No feature looks further back than 90 days; the rest is margin for caps and clocks.
HISTORY = timedelta(days=92)

_MESSAGE_CLASSES = {one.value: one for one in MessageClass}
_STATES = {one.value: one for one in ContactState}


def known(transaction: Transaction, customer_id: str, since: datetime) -> CustomerSnapshot:
    """The customer with all consents, suppressions and objections, and what happened from `since` on.

    Of outcomes and signals before `since` the last of each type is given, since it may have opened a case that nobody
    closed. Of more than 2,000 signals the latest 2,000 are given. Histories are in order of time, oldest first; equal
    times are in order of their ids. One who was merged into another is the other.
    """
    transaction.prefetch(foreseen(transaction.seal, customer_id, since))
    who = {"customer_id": customer_id}
    row = transaction.row(CUSTOMER, who)
    if row is None:
        return CustomerSnapshot(Customer(customer_id), 0, exists=False)
    present, stored, reported_at, merged_into, key_id, wrapped = row
    if merged_into is not None:
        return known(transaction, merged_into, since)
    key = None if key_id is None else unwrap_key(transaction.seal, key_id, bytes(wrapped))
    profile = profile_of(key, stored)
    history = {"customer_id": customer_id, "since": micros(since)}
    points = contact_points(transaction, customer_id, key)
    customer = Customer(
        customer_id,
        attributes=profile.attributes,
        time_zone=profile.time_zone,
        jurisdiction=profile.jurisdiction,
        contact_points=points,
        consents=tuple([consent(key, one) for one in transaction.rows(CONSENTS, who)]),
        suppressions=tuple([_suppression(key, one) for one in transaction.rows(SUPPRESSIONS, who)]),
        signals=signals.history(transaction, customer_id, key, since),
        contacts=_contacts(transaction.rows(CONTACTS, history)),
        outcomes=tuple([_happening(one) for one in transaction.rows(HAPPENINGS, history)]),
        objections=_objections(transaction, customer_id, points),
        identity=profile.identity,
        reported_at=moment_or_none(reported_at),
    )
    return CustomerSnapshot(customer, present, exists=True)


def foreseen(seal: KeyRing, customer_id: str, since: datetime) -> list[Query]:
    """What `known` asks of one customer."""
    who = {"customer_id": customer_id}
    history = {**who, "since": micros(since)}
    return [
        (CUSTOMER, who),
        (CONTACT_POINTS, who),
        (CONSENTS, who),
        (SUPPRESSIONS, who),
        signals.latest(customer_id, since),
        (CONTACTS, history),
        (HAPPENINGS, history),
        (OBJECTIONS, {"subject": seal.customer(customer_id)}),
    ]


def version(transaction: Transaction, customer_id: str) -> int:
    """The customer's version, 0 for one who is unknown."""
    row = transaction.row(VERSION, {"customer_id": customer_id})
    return 0 if row is None else int(row[0])


def consent(key: DataKey | None, row: Row) -> Consent:
    """A statement from its id and the columns of the vocabulary's order."""
    consent_id, channel, purpose, status, recorded_at, contact_point, basis, expires_at, topic = row
    return Consent(
        channel,
        purpose,
        ConsentStatus(status),
        moment(recorded_at),
        shown(key, CONTACT_POINT, consent_id, contact_point),
        shown(key, BASIS, consent_id, basis),
        moment_or_none(expires_at),
        topic,
    )


def _happening(row: Row) -> OutcomeEvent:
    kind, at, action_id = row
    return OutcomeEvent(kind, moment(at), action_id)


def _objections(transaction: Transaction, customer_id: str, points: tuple[ContactPoint, ...]) -> tuple[Objection, ...]:
    rows = transaction.rows(OBJECTIONS, {"subject": transaction.seal.customer(customer_id)})
    if not rows:
        return ()
    names = {transaction.seal.contact_point(one.contact_point): one.contact_point for one in points}
    return tuple([Objection(moment(at), names.get(point)) for at, point in rows])


def _suppression(key: DataKey | None, row: Row) -> Suppression:
    own_id, reason, recorded_at, channel, until = row
    return Suppression(shown(key, REASON, own_id, reason), moment(recorded_at), channel, moment_or_none(until))


def _contacts(rows: list[Row]) -> tuple[Contact, ...]:
    if not rows:
        return ()
    action_ids, channels, purposes, categories, at, classes, states = zip(*rows, strict=True)
    message_classes = [_MESSAGE_CLASSES[one] for one in classes]
    state = [_STATES[one] for one in states]
    return tuple(map(Contact, action_ids, channels, purposes, categories, moments(at), message_classes, state))
