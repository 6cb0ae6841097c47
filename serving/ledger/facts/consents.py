"""Consents and their withdrawals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress

from sqlalchemy import bindparam, delete, insert, update

from heed.decisioning.customer import Consent, ConsentStatus
from heed.serving.ledger.backend.repository import writes
from heed.serving.ledger.backend.times import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.encryption.data_keys import DataKey
from heed.serving.ledger.encryption.pii import BASIS, CONTACT_POINT, decrypt_value, decrypting, encrypting
from heed.serving.ledger.facts.customers import report_locks
from heed.serving.ledger.facts.ingest import Fact, FactKind, IngestResult, count_and_raise, ingest, since_erasure
from heed.serving.ledger.facts.reports import ConsentReport
from heed.serving.ledger.schema import OF_WHOM, consents, pick


@writes(locks=report_locks)
def record_consents(transaction: Transaction, now: datetime, reports: Sequence[ConsentReport]) -> IngestResult:
    """Take consents and withdrawals; no act that they forbid commits after this returns."""
    current = since_erasure(transaction, reports, lambda report: report.recorded_at)
    taken = take_consents(transaction, now, current)
    changed = [report.customer_id for report in compress(current, taken)]
    return count_and_raise(transaction, now, changed, len(reports))


_COLUMNS = "channel purpose status recorded_at contact_point basis expires_at topic"
_BY_ID = pick(consents, f"customer_id {_COLUMNS}").where(consents.c.consent_id == bindparam("id"))
_ENCRYPTED = (CONTACT_POINT, BASIS)
_CONSENTS = FactKind(
    "consent_id",
    _BY_ID,
    insert(consents),
    encrypting(*_ENCRYPTED),
    decrypting(tuple(_BY_ID.selected_columns.keys()), *_ENCRYPTED),
)


def take_consents(transaction: Transaction, now: datetime, reports: Sequence[ConsentReport]) -> list[bool]:
    """Add statements of consent; False for each that is there already."""
    return ingest(transaction, now, _CONSENTS, [_fact(report) for report in reports])


def _fact(report: ConsentReport) -> Fact:
    content = {
        "customer_id": report.customer_id,
        "channel": report.channel,
        "purpose": report.purpose,
        "status": report.status.value,
        "recorded_at": to_micros(report.recorded_at),
        "contact_point": report.contact_point,
        "basis": report.basis,
        "expires_at": to_micros_or_none(report.expires_at),
        "topic": report.topic,
    }
    return Fact(report.consent_id, content, {"retired_at": None})


_OF_CUSTOMER = pick(consents, f"consent_id {_COLUMNS}").where(
    consents.c.customer_id == OF_WHOM, consents.c.retired_at.is_(None)
)
_BY_TIME = _OF_CUSTOMER.order_by(consents.c.recorded_at, consents.c.consent_id)


def consents_query(customer_id: str) -> Query:
    """The query of :func:`consents_of`."""
    return _BY_TIME, {"customer_id": customer_id}


def consents_of(transaction: Transaction, customer_id: str, key: DataKey | None) -> tuple[Consent, ...]:
    """The statements that stand of a customer, in order of time."""
    return tuple([_consent(key, row) for row in transaction.rows(*consents_query(customer_id))])


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of consent with its id."""

    consent_id: str
    consent: Consent


_BY_CONSENT_ID = _OF_CUSTOMER.order_by(consents.c.consent_id)


def statements_of(transaction: Transaction, customer_id: str, key: DataKey | None) -> tuple[Statement, ...]:
    """The statements that stand of a customer, in order of their ids."""
    rows = transaction.rows(_BY_CONSENT_ID, {"customer_id": customer_id})
    return tuple(Statement(row[0], _consent(key, row)) for row in rows)


def _consent(key: DataKey | None, row: Row) -> Consent:
    consent_id, channel, purpose, status, recorded_at, contact_point, basis, expires_at, topic = row
    return Consent(
        channel,
        purpose,
        ConsentStatus(status),
        from_micros(recorded_at),
        decrypt_value(key, CONTACT_POINT, consent_id, contact_point),
        decrypt_value(key, BASIS, consent_id, basis),
        from_micros_or_none(expires_at),
        topic,
    )


_POINTS_OF = pick(consents, "consent_id contact_point").where(
    consents.c.customer_id == OF_WHOM, consents.c.contact_point.is_not(None)
)


def consented_points(transaction: Transaction, customer_id: str, key: DataKey | None) -> Iterator[str]:
    """Every contact point that a statement of the customer names, retired statements included."""
    for consent_id, encrypted in transaction.rows(_POINTS_OF, {"customer_id": customer_id}):
        yield decrypt_value(key, CONTACT_POINT, consent_id, encrypted)


_RETIRE = update(consents).where(consents.c.consent_id == bindparam("statement")).values(retired_at=bindparam("at"))


def retire_consent(transaction: Transaction, now: datetime, consent_id: str) -> None:
    """Let a statement stand no longer; it stays on record."""
    transaction.run(_RETIRE, {"statement": consent_id, "at": to_micros(now)})


_DELETE = delete(consents).where(consents.c.customer_id == OF_WHOM)


def delete_consents(transaction: Transaction, customer_id: str) -> None:
    """Delete the statements of a customer who is erased."""
    transaction.run(_DELETE, {"customer_id": customer_id})
