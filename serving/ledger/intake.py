"""Taking facts once: the same id with the same content is a duplicate, with other content an error."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, Select

from decisioning.errors import Conflict, shortened
from serving.ledger.erased import last_erasure, still_about
from serving.ledger.identities import present_id
from serving.ledger.personal import BASIS, CONTACT_POINT, Closing, Opening, as_kept, as_told, closing, opening
from serving.ledger.queries.consents import ADD_CONSENT, CONSENT_BY_ID
from serving.ledger.queries.customers import ADD_CUSTOMER, RAISE_VERSION
from serving.ledger.reports import ConsentReport, Receipted
from serving.ledger.times import micros, micros_or_none
from serving.ledger.transaction import Transaction


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


_SAID = tuple(CONSENT_BY_ID.selected_columns.keys())
_SEALED = (CONTACT_POINT, BASIS)
_CONSENTS = Intake("consent_id", CONSENT_BY_ID, ADD_CONSENT, closing(*_SEALED), opening(_SAID, *_SEALED))


def record_consents(transaction: Transaction, now: datetime, reports: Sequence[ConsentReport]) -> Receipted:
    """Take consents and withdrawals."""
    told = still_about(transaction, reports, lambda one: one.recorded_at)
    changed = [one.customer_id for one in told if take_consent(transaction, now, one)]
    return receipted(transaction, now, changed, len(reports))


def take(
    transaction: Transaction,
    now: datetime,
    intake: Intake,
    own_id: str,
    content: Mapping[str, object],
    **beside: object,
) -> bool:
    """Add one fact; False if it is there already. What is kept `beside` its content does not tell it from another.

    Raises
    ------
    Conflict
        If it is there with other content; the id and the first field that differs are named.
    """
    row = transaction.row(intake.by_id, {"id": own_id})
    if row is None:
        kept = intake.close(transaction, now, own_id, content)
        transaction.run(intake.add, {intake.id_name: own_id, **kept, **beside, "received_at": micros(now)})
        return True
    stored = intake.open(transaction, own_id, row)
    differing = [
        name
        for (name, value), old in zip(content.items(), stored, strict=True)
        if value != old and not (name == "customer_id" and value == present_id(transaction, str(old)))
    ]
    if differing:
        raise reused(intake.id_name, own_id, differing[0])
    return False


def reused(id_name: str, own_id: str, differing: str) -> Conflict:
    """The error for an id that comes back with another meaning."""
    return Conflict(
        f"`{id_name}` `{shortened(own_id)}` was recorded before with another `{differing}`",
        field=differing,
        remedy="send what is new under an id of its own",
    )


def receipted(transaction: Transaction, now: datetime, changed: Sequence[str], received: int) -> Receipted:
    """Raise the version of every customer a fact was taken for, one entry of `changed` per fact, and count."""
    raise_versions(transaction, now, changed)
    return Receipted(len(changed), received - len(changed))


def raise_versions(transaction: Transaction, now: datetime, customer_ids: Iterable[str]) -> None:
    """Raise each customer's version by one, creating the customers that are new.

    In order of the ids, so that two transactions that lock customers can never wait for each other.
    """
    for customer_id in sorted(set(customer_ids)):
        if not transaction.run(RAISE_VERSION, {"customer_id": customer_id}):
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


def take_consent(transaction: Transaction, now: datetime, report: ConsentReport) -> bool:
    """Add one statement of consent; False if it is there already."""
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
    return take(transaction, now, _CONSENTS, report.consent_id, content, retired_at=None)
