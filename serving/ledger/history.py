"""What the ledger holds about one customer, in order of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from decisioning.canonical import Scalar
from serving.ledger.records import Known

Kind = Literal["signal", "contact", "consent", "suppression", "objection", "outcome", "decision", "review"]


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
