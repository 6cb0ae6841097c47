"""Taking outcomes. An objection withdraws consent in the transaction that records it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import compress

from heed.decisioning.customer import ConsentStatus
from heed.decisioning.errors import InvalidInput
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.encryption.data_keys import get_key, get_or_create_key
from heed.serving.ledger.encryption.pii import VALUE, closing, opening, shown
from heed.serving.ledger.facts.identity import present_id
from heed.serving.ledger.facts.ingest import Fact, Intake, receipted, take, take_consents
from heed.serving.ledger.facts.tombstones import still_about
from heed.serving.ledger.queries.merging import CHANGE_VALUE, VALUES_OF
from heed.serving.ledger.queries.outcomes import (
    ADD_OUTCOME,
    CUSTOMER_OF_DECISION,
    NAMED_CONTACT,
    NAMED_SLOT,
    OUTCOME_BY_ID,
)
from heed.serving.ledger.reports import ConsentReport, IngestResult, OutcomeReport

ALL = "*"
COMPLAINT = "complaint"
OBJECTIONS = frozenset({"opt_out", "unsubscribe", COMPLAINT})
_UNNAMED = (ALL, "marketing")

_SAID = tuple(OUTCOME_BY_ID.selected_columns.keys())
_OUTCOMES = Intake("outcome_id", OUTCOME_BY_ID, ADD_OUTCOME, closing(VALUE), opening(_SAID, VALUE))


def record_outcomes(transaction: Transaction, now: datetime, reports: Sequence[OutcomeReport]) -> IngestResult:
    """Take outcomes, and the withdrawals that follow from them.

    An opt-out or unsubscribe withdraws the channel and purpose of the contact it names, and where it names none that
    the ledger knows, marketing on every channel. A complaint withdraws everything.

    Raises
    ------
    InvalidInput
        If an outcome names another customer's contact or decision.
    """
    told = still_about(transaction, reports, lambda one: one.at)
    transaction.prefetch([asked for one in told for asked in _naming(one)])
    named = [_named(transaction, one) for one in told]
    taken = take(transaction, now, _OUTCOMES, [_fact(one) for one in told])
    accepted = list(compress(zip(told, named, strict=True), taken))
    take_consents(transaction, now, [_withdrawal(one, where) for one, where in accepted if one.type in OBJECTIONS])
    return receipted(transaction, now, [one.customer_id for one, _ in accepted], len(reports))


def move(transaction: Transaction, now: datetime, new: str, old: str) -> None:
    """Seal the values of what came of contacts with `old` under the key of `new`, whose they become."""
    theirs = get_key(transaction, old)
    for outcome_id, value in transaction.rows(VALUES_OF, {"customer_id": old}):
        told = shown(theirs, VALUE, outcome_id, value)
        sealed = get_or_create_key(transaction, now, new).sealed_fact(VALUE, outcome_id, told)
        transaction.run(CHANGE_VALUE, {"outcome": outcome_id, "value": sealed})


def _fact(report: OutcomeReport) -> Fact:
    content = {
        "customer_id": report.customer_id,
        "type": report.type,
        "at": micros(report.at),
        "decision_id": report.decision_id,
        "contact_id": report.contact_id,
        "value": None if report.value is None else float(report.value),
    }
    return Fact(report.outcome_id, content)


def _naming(report: OutcomeReport) -> list[Query]:
    """What :func:`_named` asks of one report."""
    contact, decided = {"contact_id": report.contact_id}, {"decision_id": report.decision_id}
    of_contact: list[Query] = [] if report.contact_id is None else [(NAMED_CONTACT, contact)]
    of_decision = [] if report.decision_id is None else [(CUSTOMER_OF_DECISION, decided), (NAMED_SLOT, decided)]
    return [*of_contact, *of_decision]


def _named(transaction: Transaction, report: OutcomeReport) -> tuple[str, str] | None:
    """Channel and purpose of the contact that the outcome names, None where the ledger knows none."""
    contact: Row | None = None
    if report.contact_id is not None:
        contact = transaction.row(NAMED_CONTACT, {"contact_id": report.contact_id})
        _require_own(transaction, report, contact, "contact_id")
    if report.decision_id is not None:
        decided = {"decision_id": report.decision_id}
        found = transaction.row(CUSTOMER_OF_DECISION, decided)
        _require_own(transaction, report, found, "decision_id")
        contact = contact or transaction.row(NAMED_SLOT, decided)
    return None if contact is None else (contact[1], contact[2])


def _require_own(transaction: Transaction, report: OutcomeReport, found: Row | None, field: str) -> None:
    if found is not None and present_id(transaction, found[0]) != report.customer_id:
        value = getattr(report, field)
        remedy = "name the customer it belongs to"
        raise InvalidInput("the outcome names another customer's record", field=field, value=value, remedy=remedy)


def _withdrawal(report: OutcomeReport, named: tuple[str, str] | None) -> ConsentReport:
    channel, purpose = (ALL, ALL) if report.type == COMPLAINT else named or _UNNAMED
    return ConsentReport(
        consent_id=f"outcome:{report.outcome_id}",
        customer_id=report.customer_id,
        channel=channel,
        purpose=purpose,
        status=ConsentStatus.WITHDRAWN,
        recorded_at=report.at,
        basis=report.type,
    )
