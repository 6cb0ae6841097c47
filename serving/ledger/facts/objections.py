"""Taking objections to marketing. They are never deleted, and they follow the person (GDPR, Article 21(2) and (3)).

An objection of a contact point strikes every customer who has it, and every one for whom it is reported later. Whom it
has struck it stays with, whatever contact points they have from then on.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from heed.decisioning.canonical import digest
from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import ContactPoint
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.facts.cancellation import withdraw
from heed.serving.ledger.facts.identity import present_id
from heed.serving.ledger.facts.ingest import Fact, Intake, raise_versions, take
from heed.serving.ledger.queries.objections import (
    ADD_OBJECTION,
    ADD_OBJECTOR,
    HOLDERS,
    OBJECTION_BY_ID,
    OBJECTIONS_OF_POINT,
    OBJECTOR,
)
from heed.serving.ledger.queries.outbox import WAITING_FOR
from heed.serving.ledger.reports import IngestResult, ObjectionReport

BECAUSE = "The customer objected to marketing."
_OBJECTIONS = Intake("objection_id", OBJECTION_BY_ID, ADD_OBJECTION)


def record_objections(transaction: Transaction, now: datetime, reports: Sequence[ObjectionReport]) -> IngestResult:
    """Take objections, and withdraw what waits to be sent to those who objected."""
    accepted = sum(_take(transaction, now, report) for report in reports)
    return IngestResult(accepted, len(reports) - accepted)


def strike_listed(transaction: Transaction, now: datetime, customer_id: str, points: Iterable[ContactPoint]) -> None:
    """Let the objections of these contact points strike the customer for whom they were reported."""
    for point in points:
        subject = {"subject": transaction.seal.contact_point(point.contact_point)}
        for (objection_id,) in transaction.rows(OBJECTIONS_OF_POINT, subject):
            strike(transaction, now, customer_id, objection_id)


def strike(transaction: Transaction, now: datetime, customer_id: str, objection_id: str) -> None:
    """Let one objection strike one customer: nothing of marketing that waits is sent any more."""
    who = {"subject": transaction.seal.customer(customer_id), "objection_id": objection_id}
    if transaction.row(OBJECTOR, who) is None:
        transaction.later(ADD_OBJECTOR, {"customer": who["subject"], "objection_id": objection_id})
    waiting = {"customer_id": customer_id, "message_class": MessageClass.MARKETING.value}
    for outbox_id, contact_id in transaction.rows(WAITING_FOR, waiting):
        withdraw(transaction, now, outbox_id, contact_id, BECAUSE)


def _take(transaction: Transaction, now: datetime, report: ObjectionReport) -> bool:
    seal = transaction.seal
    content = {
        "customer": None if report.customer_id is None else seal.customer(report.customer_id),
        "contact_point": None if report.contact_point is None else seal.contact_point(report.contact_point),
        "recorded_at": micros(report.recorded_at),
    }
    objection_id = report.objection_id or f"content:{digest(content)}"
    if take(transaction, now, _OBJECTIONS, [Fact(objection_id, content)]) == [False]:
        return False
    struck = _struck(transaction, report)
    for customer_id in struck:
        strike(transaction, now, customer_id, objection_id)
    raise_versions(transaction, now, struck)
    return True


def _struck(transaction: Transaction, report: ObjectionReport) -> list[str]:
    named = [] if report.customer_id is None else [present_id(transaction, report.customer_id)]
    if report.contact_point is None:
        return named
    holders = transaction.rows(HOLDERS, {"contact_point": transaction.seal.contact_point(report.contact_point)})
    return sorted({*named, *(row[0] for row in holders)})
