"""What the ledger holds about one customer, in order of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select

from heed.decisioning.canonical import Scalar
from heed.serving.ledger.backend.times import moment
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.encryption.data_keys import DataKey, get_key
from heed.serving.ledger.encryption.pii import readable
from heed.serving.ledger.facts.identity import present_id
from heed.serving.ledger.facts.snapshot import known
from heed.serving.ledger.queries.timeline import (
    CONSENT_ENTRIES,
    CONTACT_ENTRIES,
    DECISION_ENTRIES,
    OBJECTION_ENTRIES,
    OUTCOME_ENTRIES,
    REVIEW_ENTRIES,
    SIGNAL_ENTRIES,
    SUPPRESSION_ENTRIES,
)
from heed.serving.ledger.records import CustomerSnapshot

Kind = Literal["signal", "contact", "consent", "suppression", "objection", "outcome", "decision", "review"]

_ENTRIES: tuple[tuple[Kind, Select[Any]], ...] = (
    ("signal", SIGNAL_ENTRIES),
    ("contact", CONTACT_ENTRIES),
    ("consent", CONSENT_ENTRIES),
    ("suppression", SUPPRESSION_ENTRIES),
    ("objection", OBJECTION_ENTRIES),
    ("outcome", OUTCOME_ENTRIES),
    ("decision", DECISION_ENTRIES),
    ("review", REVIEW_ENTRIES),
)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing in a customer's history."""

    at: datetime
    kind: Kind
    id: str
    content: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A customer and what the ledger holds about them, newest first."""

    known: CustomerSnapshot
    entries: tuple[TimelineEntry, ...]


def timeline(transaction: Transaction, customer_id: str, since: datetime, limit: int) -> Timeline:
    """What is known of a customer, and the latest `limit` things of their history, newest first."""
    customer_id = present_id(transaction, customer_id)
    who = {"customer_id": customer_id, "subject": transaction.seal.customer(customer_id), "limit": limit}
    key = get_key(transaction, customer_id)
    entries = [
        _entry(key, kind, statement, row) for kind, statement in _ENTRIES for row in transaction.rows(statement, who)
    ]
    newest = sorted(entries, key=lambda one: (one.at, one.kind, one.id), reverse=True)[:limit]
    return Timeline(known(transaction, customer_id, since), tuple(newest))


def _entry(key: DataKey | None, kind: Kind, statement: Select[Any], row: Row) -> TimelineEntry:
    names: Sequence[str] = statement.selected_columns.keys()[2:]
    own_id, said = str(row[1]), dict(zip(names, row[2:], strict=True))
    return TimelineEntry(moment(row[0]), kind, own_id, readable(key, kind, own_id, said))
