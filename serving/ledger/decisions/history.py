"""What the ledger holds about one customer, in order of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select

from decisioning.canonical import Scalar
from serving.ledger.facts.knowing import known
from serving.ledger.people.identities import present_id
from serving.ledger.people.personal import readable
from serving.ledger.people.vault import DataKey, key_of
from serving.ledger.queries.timeline import (
    CONSENT_ENTRIES,
    CONTACT_ENTRIES,
    DECISION_ENTRIES,
    OBJECTION_ENTRIES,
    OUTCOME_ENTRIES,
    REVIEW_ENTRIES,
    SIGNAL_ENTRIES,
    SUPPRESSION_ENTRIES,
)
from serving.ledger.records import Known
from serving.ledger.store.times import moment
from serving.ledger.store.transaction import Row, Transaction

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
class Entry:
    """One thing in a customer's history."""

    at: datetime
    kind: Kind
    id: str
    content: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A customer and what the ledger holds about them, newest first."""

    known: Known
    entries: tuple[Entry, ...]


def timeline(transaction: Transaction, customer_id: str, since: datetime, limit: int) -> Timeline:
    """What is known of a customer, and the latest `limit` things of their history, newest first."""
    customer_id = present_id(transaction, customer_id)
    who = {"customer_id": customer_id, "subject": transaction.seal.customer(customer_id), "limit": limit}
    key = key_of(transaction, customer_id)
    entries = [
        _entry(key, kind, statement, row) for kind, statement in _ENTRIES for row in transaction.rows(statement, who)
    ]
    newest = sorted(entries, key=lambda one: (one.at, one.kind, one.id), reverse=True)[:limit]
    return Timeline(known(transaction, customer_id, since), tuple(newest))


def _entry(key: DataKey | None, kind: Kind, statement: Select[Any], row: Row) -> Entry:
    names: Sequence[str] = statement.selected_columns.keys()[2:]
    own_id, said = str(row[1]), dict(zip(names, row[2:], strict=True))
    return Entry(moment(row[0]), kind, own_id, readable(key, kind, own_id, said))
