"""Taking facts once: the same id with the same content is a duplicate, with other content an error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Any

from sqlalchemy import Insert, Select

from heed.decisioning.errors import Conflict, shorten
from heed.serving.ledger.backend.times import micros, micros_or_none
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.pii import (
    BASIS,
    CONTACT_POINT,
    Closing,
    Opening,
    as_kept,
    as_told,
    closing,
    opening,
)
from heed.serving.ledger.facts.identity import present_id
from heed.serving.ledger.facts.tombstones import last_erasure, last_erasure_of, still_about
from heed.serving.ledger.queries.consents import ADD_CONSENT, CONSENT_BY_ID
from heed.serving.ledger.queries.customers import ADD_CUSTOMER, RAISE_VERSION, VERSION
from heed.serving.ledger.queries.keys import KEY_OF_CUSTOMER
from heed.serving.ledger.reports import ConsentReport, IngestResult


@dataclass(frozen=True, slots=True)
class Intake:
    """How one kind of fact is found and added, and what is sealed of it.

    The columns of `by_id`, once they are opened, are those of the content, in order.
    """

    id_name: str
    by_id: Select[Any]
    add: Insert
    close: Closing = as_told
    open: Opening = as_kept


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact on its way in.

    Attributes
    ----------
    own_id : str
        Under which it came, and is taken once.
    content : mapping of str to object
        What tells it from another, by the names of the columns.
    beside : mapping of str to object
        What is kept with it and tells nothing.
    """

    own_id: str
    content: Mapping[str, object]
    beside: Mapping[str, object] = field(default_factory=dict)


_SAID = tuple(CONSENT_BY_ID.selected_columns.keys())
_SEALED = (CONTACT_POINT, BASIS)
_CONSENTS = Intake("consent_id", CONSENT_BY_ID, ADD_CONSENT, closing(*_SEALED), opening(_SAID, *_SEALED))


def record_consents(transaction: Transaction, now: datetime, reports: Sequence[ConsentReport]) -> IngestResult:
    """Take consents and withdrawals."""
    told = still_about(transaction, reports, lambda one: one.recorded_at)
    taken = take_consents(transaction, now, told)
    return receipted(transaction, now, [one.customer_id for one in compress(told, taken)], len(reports))


def take(transaction: Transaction, now: datetime, intake: Intake, facts: Sequence[Fact]) -> list[bool]:
    """Add facts, which are looked for together; False for each that is there already.

    Raises
    ------
    Conflict
        If one is there with other content; the id and the first field that differs are named.
    """
    ids = list(dict.fromkeys(one.own_id for one in facts))
    found = transaction.several([(intake.by_id, {"id": one}) for one in ids])
    stored = {one: intake.open(transaction, one, rows[0]) for one, rows in zip(ids, found, strict=True) if rows}
    new = [_is_new(transaction, intake, one, stored) for one in facts]
    transaction.prefetch([(KEY_OF_CUSTOMER, {"customer_id": one}) for one in _whom(compress(facts, new))])
    for fact in compress(facts, new):
        kept = intake.close(transaction, now, fact.own_id, fact.content)
        added = {intake.id_name: fact.own_id, **kept, **fact.beside, "received_at": micros(now)}
        transaction.later(intake.add, added)
    return new


def _is_new(transaction: Transaction, intake: Intake, fact: Fact, stored: dict[str, Sequence[object]]) -> bool:
    """Whether nothing is stored under the fact's id; from then on the fact is."""
    before = stored.get(fact.own_id)
    if before is None:
        stored[fact.own_id] = tuple(fact.content.values())
        return True
    differing = [
        name
        for (name, value), old in zip(fact.content.items(), before, strict=True)
        if value != old and not (name == "customer_id" and value == present_id(transaction, str(old)))
    ]
    if differing:
        raise reused(intake.id_name, fact.own_id, differing[0])
    return False


def _whom(facts: Iterable[Fact]) -> list[str]:
    told = (one.content.get("customer_id") for one in facts)
    return list(dict.fromkeys(one for one in told if isinstance(one, str)))


def reused(id_name: str, own_id: str, differing: str) -> Conflict:
    """The error for an id that comes back with another meaning."""
    return Conflict(
        f"`{id_name}` `{shorten(own_id)}` was recorded before with another `{differing}`",
        field=differing,
        remedy="send what is new under an id of its own",
    )


def receipted(transaction: Transaction, now: datetime, changed: Sequence[str], received: int) -> IngestResult:
    """Raise the version of every customer a fact was taken for, one entry of `changed` per fact, and count."""
    raise_versions(transaction, now, changed)
    return IngestResult(len(changed), received - len(changed))


def raise_versions(transaction: Transaction, now: datetime, customer_ids: Iterable[str]) -> None:
    """Raise each customer's version by one, creating the customers that are new.

    In order of the ids, so that two transactions that lock customers can never wait for each other.
    """
    ordered = sorted(set(customer_ids))
    known = transaction.several([(VERSION, {"customer_id": one}) for one in ordered])
    new = {one for one, rows in zip(ordered, known, strict=True) if not rows}
    transaction.prefetch([last_erasure_of(transaction, one) for one in ordered if one in new])
    for customer_id in ordered:
        if customer_id not in new:
            transaction.later(RAISE_VERSION, {"customer_id": customer_id})
        else:
            add_customer(transaction, now, customer_id)


def add_customer(
    transaction: Transaction,
    now: datetime,
    customer_id: str,
    *,
    profile: str | None = None,
) -> None:
    """Create a customer at version 1, or after the last version of one who was erased under this id."""
    erased = last_erasure(transaction, customer_id)
    values = {
        "customer_id": customer_id,
        "version": 1 if erased is None else erased[1] + 1,
        "profile": profile,
        "created_at": micros(now),
        "reported_at": None,
        "merged_into": None,
    }
    transaction.later(ADD_CUSTOMER, values)


def take_consents(transaction: Transaction, now: datetime, reports: Sequence[ConsentReport]) -> list[bool]:
    """Add statements of consent; False for each that is there already."""
    return take(transaction, now, _CONSENTS, [_fact(one) for one in reports])


def _fact(report: ConsentReport) -> Fact:
    content = {
        "customer_id": report.customer_id,
        "channel": report.channel,
        "purpose": report.purpose,
        "status": report.status.value,
        "recorded_at": micros(report.recorded_at),
        "contact_point": report.contact_point,
        "basis": report.basis,
        "expires_at": micros_or_none(report.expires_at),
        "topic": report.topic,
    }
    return Fact(report.consent_id, content, {"retired_at": None})
