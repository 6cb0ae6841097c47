"""One customer's history, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, bindparam, desc

from heed.decisioning.canonical import Scalar
from heed.decisioning.errors import NotFound
from heed.serving.ledger.backend.repository import reads_now
from heed.serving.ledger.backend.times import from_micros
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.decisions.read import NEWEST_FIRST, OF_CUSTOMER
from heed.serving.ledger.encryption.data_keys import DataKey, get_key
from heed.serving.ledger.encryption.pii import decrypt_columns
from heed.serving.ledger.facts.customers import current_id
from heed.serving.ledger.facts.snapshot import CustomerSnapshot, customer_snapshot
from heed.serving.ledger.schema import (
    LIMIT,
    OF_WHOM,
    consents,
    contacts,
    decisions,
    objections,
    objectors,
    outcomes,
    pick,
    reviews,
    signals,
    suppressions,
)

EntryKind = Literal["signal", "contact", "consent", "suppression", "objection", "outcome", "decision", "review"]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing in a customer's history."""

    at: datetime
    kind: EntryKind
    id: str
    content: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A customer and what the ledger holds about them, newest first."""

    snapshot: CustomerSnapshot
    entries: tuple[TimelineEntry, ...]


_SIGNALS = (
    pick(signals, "at signal_id entry")
    .where(signals.c.customer_id == OF_WHOM)
    .order_by(desc(signals.c.at), desc(signals.c.signal_id))
    .limit(LIMIT)
)
_CONTACTS = (
    pick(contacts, "at contact_id action_id channel purpose category message_class state decision_id source")
    .where(contacts.c.customer_id == OF_WHOM)
    .order_by(desc(contacts.c.at), desc(contacts.c.contact_id))
    .limit(LIMIT)
)
_CONSENTS = (
    pick(consents, "recorded_at consent_id channel purpose status contact_point basis topic")
    .where(consents.c.customer_id == OF_WHOM, consents.c.retired_at.is_(None))
    .order_by(desc(consents.c.recorded_at), desc(consents.c.consent_id))
    .limit(LIMIT)
)
_SUPPRESSIONS = (
    pick(suppressions, "recorded_at suppression_id reason channel")
    .where(suppressions.c.customer_id == OF_WHOM)
    .order_by(desc(suppressions.c.recorded_at), desc(suppressions.c.suppression_id))
    .limit(LIMIT)
)
_OBJECTIONS = (
    pick(objections, "recorded_at objection_id")
    .join(objectors, objectors.c.objection_id == objections.c.objection_id)
    .where(objectors.c.customer == bindparam("subject"))
    .order_by(desc(objections.c.recorded_at), desc(objections.c.objection_id))
    .limit(LIMIT)
)
_OUTCOMES = (
    pick(outcomes, "at outcome_id type decision_id contact_id value")
    .where(outcomes.c.customer_id == OF_WHOM)
    .order_by(desc(outcomes.c.at), desc(outcomes.c.outcome_id))
    .limit(LIMIT)
)
_DECISIONS = (
    pick(decisions, "at decision_id disposition action_id proposed_action_id")
    .where(OF_CUSTOMER)
    .order_by(*NEWEST_FIRST)
    .limit(LIMIT)
)
_REVIEWS = (
    pick(reviews, "opened_at review_id state decision_id proposed_action_id resolved_by resolution_action_id")
    .where(reviews.c.customer_id == OF_WHOM)
    .order_by(desc(reviews.c.opened_at), desc(reviews.c.review_id))
    .limit(LIMIT)
)

_ENTRIES: tuple[tuple[EntryKind, Select[Any]], ...] = (
    ("signal", _SIGNALS),
    ("contact", _CONTACTS),
    ("consent", _CONSENTS),
    ("suppression", _SUPPRESSIONS),
    ("objection", _OBJECTIONS),
    ("outcome", _OUTCOMES),
    ("decision", _DECISIONS),
    ("review", _REVIEWS),
)


@reads_now()
def customer_timeline(transaction: Transaction, now: datetime, customer_id: str, *, limit: int = 200) -> Timeline:
    """What is known of a customer, and the latest `limit` things of their history, newest first.

    Raises
    ------
    NotFound
        If nothing is known of them and nothing happened.
    """
    current = current_id(transaction, customer_id)
    values = {"customer_id": current, "subject": transaction.key_ring.hash_customer(current), "limit": limit}
    key = get_key(transaction, current)
    entries = [
        _entry(key, kind, statement, row) for kind, statement in _ENTRIES for row in transaction.rows(statement, values)
    ]
    newest = sorted(entries, key=lambda entry: (entry.at, entry.kind, entry.id), reverse=True)[:limit]
    found = customer_snapshot(transaction, now, current)
    if not found.exists and not newest:
        raise NotFound("no such customer", field="customer_id", value=customer_id)
    return Timeline(found, tuple(newest))


def _entry(key: DataKey | None, kind: EntryKind, statement: Select[Any], row: Row) -> TimelineEntry:
    names: Sequence[str] = statement.selected_columns.keys()[2:]
    own_id, columns = str(row[1]), dict(zip(names, row[2:], strict=True))
    return TimelineEntry(from_micros(row[0]), kind, own_id, decrypt_columns(key, kind, own_id, columns))
