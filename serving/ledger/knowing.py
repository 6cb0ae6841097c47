"""Reading what is known of one customer, as the vocabulary says it."""

from datetime import datetime, timedelta

import orjson

from decisioning.catalogue import MessageClass
from decisioning.customer import (
    Consent,
    ConsentStatus,
    Contact,
    ContactPoint,
    ContactState,
    Customer,
    Happening,
    Objection,
    Signals,
    Suppression,
)
from serving.ledger.queries.consents import CONSENTS, SUPPRESSIONS
from serving.ledger.queries.contacts import CONTACTS
from serving.ledger.queries.customers import CONTACT_POINTS, CUSTOMER, VERSION
from serving.ledger.queries.objections import OBJECTIONS
from serving.ledger.queries.outcomes import HAPPENINGS
from serving.ledger.queries.signals import SIGNALS
from serving.ledger.records import Known
from serving.ledger.times import micros, moment, moment_or_none, moments
from serving.ledger.transaction import Row, Transaction

# No feature looks further back than 90 days; the rest is margin for caps and clocks.
HISTORY = timedelta(days=92)
MOST_SIGNALS = 2_000

_MESSAGE_CLASSES = {one.value: one for one in MessageClass}
_STATES = {one.value: one for one in ContactState}


def known(transaction: Transaction, customer_id: str, since: datetime) -> Known:
    """The customer with all consents, suppressions and objections, and what happened from `since` on.

    Of outcomes before `since` the last of each type is given, since it may have opened a case that nobody closed.
    Of more than 2,000 signals the latest 2,000 are given. Histories are in order of time, oldest first; equal times
    are in order of their ids. One who was merged into another is the other.
    """
    who = {"customer_id": customer_id}
    row = transaction.row(CUSTOMER, who)
    if row is None:
        return Known(Customer(customer_id), 0, exists=False)
    if row[6] is not None:
        return known(transaction, row[6], since)
    history = {"customer_id": customer_id, "since": micros(since)}
    points = contact_points(transaction, customer_id)
    customer = Customer(
        customer_id,
        attributes=orjson.loads(row[1]),
        time_zone=row[2],
        jurisdiction=row[3],
        contact_points=points,
        consents=tuple([consent(one) for one in transaction.rows(CONSENTS, who)]),
        suppressions=tuple([_suppression(one) for one in transaction.rows(SUPPRESSIONS, who)]),
        signals=_signals(transaction.rows(SIGNALS, {**history, "limit": MOST_SIGNALS})[0][0]),
        contacts=_contacts(transaction.rows(CONTACTS, history)),
        outcomes=tuple([_happening(one) for one in transaction.rows(HAPPENINGS, history)]),
        objections=_objections(transaction, customer_id, points),
        identity=row[4],
        reported_at=moment_or_none(row[5]),
    )
    return Known(customer, row[0], exists=True)


def contact_points(transaction: Transaction, customer_id: str) -> tuple[ContactPoint, ...]:
    """The customer's contact points in the order of the report."""
    rows = transaction.rows(CONTACT_POINTS, {"customer_id": customer_id})
    return tuple([ContactPoint(point, channel, _zones(zones)) for point, channel, zones in rows])


def version(transaction: Transaction, customer_id: str) -> int:
    """The customer's version, 0 for one who is unknown."""
    row = transaction.row(VERSION, {"customer_id": customer_id})
    return 0 if row is None else int(row[0])


def consent(row: Row) -> Consent:
    """A statement from the columns of the vocabulary's order."""
    channel, purpose, status, recorded_at, contact_point, basis, expires_at, topic = row
    return Consent(
        channel,
        purpose,
        ConsentStatus(status),
        moment(recorded_at),
        contact_point,
        basis,
        moment_or_none(expires_at),
        topic,
    )


def _zones(stored: str) -> tuple[str, ...]:
    return () if stored == "[]" else tuple(orjson.loads(stored))


def _happening(row: Row) -> Happening:
    kind, at, action_id = row
    return Happening(kind, moment(at), action_id)


def _objections(transaction: Transaction, customer_id: str, points: tuple[ContactPoint, ...]) -> tuple[Objection, ...]:
    rows = transaction.rows(OBJECTIONS, {"subject": transaction.seal.customer(customer_id)})
    if not rows:
        return ()
    names = {transaction.seal.contact_point(one.contact_point): one.contact_point for one in points}
    return tuple([Objection(moment(at), names.get(point)) for at, point in rows])


def _suppression(row: Row) -> Suppression:
    reason, recorded_at, channel, until = row
    return Suppression(reason, moment(recorded_at), channel, moment_or_none(until))


def _signals(newest_first: str | None) -> Signals:
    if newest_first is None:
        return Signals()
    return Signals(*zip(*reversed(orjson.loads(f"[{newest_first}]")), strict=True))


def _contacts(rows: list[Row]) -> tuple[Contact, ...]:
    if not rows:
        return ()
    action_ids, channels, purposes, categories, at, classes, states = zip(*rows, strict=True)
    message_classes = [_MESSAGE_CLASSES[one] for one in classes]
    state = [_STATES[one] for one in states]
    return tuple(map(Contact, action_ids, channels, purposes, categories, moments(at), message_classes, state))
