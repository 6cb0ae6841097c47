"""Seeds a ledger with engagement data, which a source system would send over time."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

import pandas as pd

from heed.decisioning.catalogue import HOLD, Catalogue, MessageClass
from heed.decisioning.customer import ConsentStatus, ContactPoint, Suppression
from heed.decisioning.normalize import normalize_name
from heed.serving.ledger.facts.ingest import IngestResult
from heed.serving.ledger.facts.reports import ConsentReport, ContactReport, CustomerReport, OutcomeReport, SignalReport
from heed.serving.ledger.ledger import Ledger
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.table_schemas import attribute_columns

Report = TypeVar("Report")

# A transaction blocks other writers and times out on PostgreSQL; this many facts take a fraction of a second.
_BATCH = 1_000
_SOURCE = "history"


@dataclass(frozen=True)
class Register:
    """Contact points, consents and suppressions on file, as frames; see `heed.training.simulator.consent_tables`."""

    contact_points: pd.DataFrame
    consents: pd.DataFrame
    suppressions: pd.DataFrame


async def seed_ledger(
    ledger: Ledger,
    data: EngagementData,
    register: Register,
    catalogue: Catalogue,
    *,
    since: datetime,
    progress: Callable[[str], None],
) -> None:
    """Send customers, consents, signals, contacts and outcomes to the ledger.

    Parameters
    ----------
    since : datetime
        Signals, contacts and outcomes before this moment are left out, since no window looks further back.
    progress : callable
        Gets the name of each step.
    """
    start = pd.Timestamp(since)
    progress("filling the ledger: customers and consents")
    await _send(ledger.facts.record_customers, customers(data, register))
    await _send(ledger.facts.record_consents, consents(register))
    progress("filling the ledger: signals")
    await _send(ledger.facts.record_signals, signals(data, start))
    progress("filling the ledger: contacts and outcomes")
    await _send(ledger.facts.record_contacts, contacts(data, catalogue, start))
    await _send(ledger.facts.record_outcomes, outcomes(data, start))


async def _send(record: Callable[[Sequence[Report]], Awaitable[IngestResult]], reports: Iterator[Report]) -> None:
    while batch := list(islice(reports, _BATCH)):
        await record(batch)


def customers(data: EngagementData, register: Register) -> Iterator[CustomerReport]:
    """Customers with their contact points and suppressions."""
    points = _grouped(
        register.contact_points, lambda row: ContactPoint(normalize_name(row["contact_point"]), row["channel"])
    )
    stops = _grouped(
        register.suppressions,
        lambda row: Suppression(row["reason"], _moment(row["recorded_at"]), _none(row["channel"]), _none(row["until"])),
    )
    extra = attribute_columns("customers", data.customers)
    for row in _rows(data.customers):
        customer_id = row["customer_id"]
        yield CustomerReport(
            customer_id=normalize_name(customer_id),
            attributes={name: _none(row[name]) for name in extra if not pd.isna(row[name])},
            time_zone=_none(row["time_zone"]),
            jurisdiction=_none(row["jurisdiction"]),
            contact_points=points.get(customer_id, ()),
            suppressions=stops.get(customer_id, ()),
        )


def consents(register: Register) -> Iterator[ConsentReport]:
    """Grants and withdrawals of consent."""
    for row in _rows(register.consents):
        yield ConsentReport(
            consent_id=row["consent_id"],
            customer_id=normalize_name(row["customer_id"]),
            channel=row["channel"],
            purpose=row["purpose"],
            status=ConsentStatus(row["status"]),
            recorded_at=_moment(row["recorded_at"]),
            contact_point=_point(row["contact_point"]),
            basis=_none(row["basis"]),
            expires_at=_none(row["expires_at"]),
            topic=_none(row.get("topic")),
        )


def signals(data: EngagementData, since: pd.Timestamp) -> Iterator[SignalReport]:
    """Signals from `since` on."""
    for row in _rows(data.signals[data.signals["at"] >= since]):
        yield SignalReport(
            signal_id=row["signal_id"],
            customer_id=normalize_name(row["customer_id"]),
            at=_moment(row["at"]),
            type=row["type"],
            channel=_none(row["channel"]),
            certainty=row["certainty"],
            value=_none(row["value"]),
        )


def contacts(data: EngagementData, catalogue: Catalogue, since: pd.Timestamp) -> Iterator[ContactReport]:
    """Contacts from `since` on, without the rows for hold."""
    contacts = data.contacts[(data.contacts["action_id"] != HOLD) & (data.contacts["at"] >= since)]
    for row in _rows(contacts):
        action = catalogue.by_id[row["action_id"]]
        yield ContactReport(
            contact_id=row["contact_id"],
            customer_id=normalize_name(row["customer_id"]),
            at=_moment(row["at"]),
            action_id=action.action_id,
            channel=action.channel,
            purpose=action.purpose,
            category=action.category,
            message_class=MessageClass(action.message_class),
            source=_SOURCE,
            cost=action.cost,
        )


def outcomes(data: EngagementData, since: pd.Timestamp) -> Iterator[OutcomeReport]:
    """Outcomes from `since` on."""
    sent = data.contacts[(data.contacts["action_id"] != HOLD) & (data.contacts["at"] >= since)]["contact_id"]
    known = set(sent)
    for row in _rows(data.outcomes[data.outcomes["at"] >= since]):
        yield OutcomeReport(
            outcome_id=row["outcome_id"],
            customer_id=normalize_name(row["customer_id"]),
            type=row["type"],
            at=_moment(row["at"]),
            contact_id=row["contact_id"] if row["contact_id"] in known else None,
            value=_none(row["value"]),
        )


def history_start(data: EngagementData, days: int) -> datetime:
    """The moment `days` before the last contact."""
    last: datetime = data.contacts["at"].max().to_pydatetime()
    return last - timedelta(days=days)


def _grouped(frame: pd.DataFrame, convert: Callable[[dict[str, Any]], Report]) -> dict[str, tuple[Report, ...]]:
    groups: dict[str, list[Report]] = {}
    for row in _rows(frame):
        groups.setdefault(row["customer_id"], []).append(convert(row))
    return {customer_id: tuple(reports) for customer_id, reports in groups.items()}


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    for values in zip(*(frame[name].tolist() for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def _moment(value: pd.Timestamp) -> datetime:
    return value.to_pydatetime()


def _point(value: Any) -> str | None:
    """A normalized contact point, None where there is none."""
    return None if pd.isna(value) else normalize_name(value)


def _none(value: Any) -> Any:
    """The value without types of pandas: None if it is missing."""
    if pd.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
