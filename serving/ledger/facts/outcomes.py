"""Outcomes. An opt-out, unsubscribe or complaint withdraws consent in the transaction that records it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import compress

from sqlalchemy import String, bindparam, cast, delete, func, insert, null, or_, select, union_all, update

from heed.decisioning.customer import ConsentStatus, OutcomeEvent
from heed.decisioning.errors import InvalidInput
from heed.serving.ledger.backend.repository import writes
from heed.serving.ledger.backend.times import from_micros, to_micros
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.encryption.data_keys import get_key, get_or_create_key
from heed.serving.ledger.encryption.pii import VALUE, decrypt_value, decrypting, encrypting
from heed.serving.ledger.facts.consents import take_consents
from heed.serving.ledger.facts.customers import current_id, report_locks
from heed.serving.ledger.facts.ingest import Fact, FactKind, IngestResult, count_and_raise, ingest, since_erasure
from heed.serving.ledger.facts.reports import ConsentReport, OutcomeReport
from heed.serving.ledger.schema import OF_WHOM, SINCE, contacts, data_keys, decisions, outcomes, pick

_BY_ID = pick(outcomes, "customer_id type at decision_id contact_id value").where(
    outcomes.c.outcome_id == bindparam("id")
)

_OUTCOMES = FactKind(
    "outcome_id", _BY_ID, insert(outcomes), encrypting(VALUE), decrypting(tuple(_BY_ID.selected_columns.keys()), VALUE)
)

_COMPLAINT = "complaint"
_OBJECTIONS = frozenset({"opt_out", "unsubscribe", _COMPLAINT})


@writes(locks=report_locks)
def record_outcomes(transaction: Transaction, now: datetime, reports: Sequence[OutcomeReport]) -> IngestResult:
    """Take outcomes, and the withdrawals that follow from them.

    An opt-out or unsubscribe withdraws the channel and purpose of the contact it names, and where it names none that
    the ledger knows, marketing on every channel. A complaint withdraws everything.

    Raises
    ------
    InvalidInput
        If an outcome names another customer's contact or decision.
    """
    current = since_erasure(transaction, reports, lambda report: report.at)
    transaction.prefetch([query for report in current for query in _contact_queries(report)])
    named = [_named_contact(transaction, report) for report in current]
    taken = ingest(transaction, now, _OUTCOMES, [_fact(report) for report in current])
    accepted = list(compress(zip(current, named, strict=True), taken))
    withdrawals = [_withdrawal(report, contact) for report, contact in accepted if report.type in _OBJECTIONS]
    take_consents(transaction, now, withdrawals)
    return count_and_raise(transaction, now, [report.customer_id for report, _ in accepted], len(reports))


_VALUES_OF = pick(outcomes, "outcome_id value").where(outcomes.c.customer_id == OF_WHOM, outcomes.c.value.is_not(None))
_CHANGE_VALUE = update(outcomes).where(outcomes.c.outcome_id == bindparam("outcome")).values(value=bindparam("value"))


_MOVE = update(outcomes).where(outcomes.c.customer_id == bindparam("old")).values(customer_id=bindparam("new"))


def move_outcomes(transaction: Transaction, now: datetime, new: str, old: str) -> None:
    """Let the outcomes of one customer be those of another, their values encrypted under the other's key."""
    old_key = get_key(transaction, old)
    for outcome_id, stored in transaction.rows(_VALUES_OF, {"customer_id": old}):
        value = decrypt_value(old_key, VALUE, outcome_id, stored)
        encrypted = get_or_create_key(transaction, now, new).encrypt_value(VALUE, outcome_id, value)
        transaction.run(_CHANGE_VALUE, {"outcome": outcome_id, "value": encrypted})
    transaction.run(_MOVE, {"old": old, "new": new})


_DELETE = delete(outcomes).where(outcomes.c.customer_id == OF_WHOM)


def delete_outcomes(transaction: Transaction, customer_id: str) -> None:
    """Delete the outcomes of a customer who is erased."""
    transaction.run(_DELETE, {"customer_id": customer_id})


def _fact(report: OutcomeReport) -> Fact:
    content = {
        "customer_id": report.customer_id,
        "type": report.type,
        "at": to_micros(report.at),
        "decision_id": report.decision_id,
        "contact_id": report.contact_id,
        "value": None if report.value is None else float(report.value),
    }
    return Fact(report.outcome_id, content)


_NAMED_CONTACT = pick(contacts, "customer_id channel purpose").where(
    or_(contacts.c.contact_id == bindparam("contact_id"), contacts.c.report_id == bindparam("contact_id"))
)
# None for the decision about a customer who was erased.
_CUSTOMER_OF_DECISION = (
    select(data_keys.c.customer_id)
    .join(decisions, decisions.c.key_id == data_keys.c.key_id)
    .where(decisions.c.decision_id == bindparam("decision_id"))
)

_NAMED_SLOT = pick(contacts, "customer_id channel purpose").where(contacts.c.decision_id == bindparam("decision_id"))


def _contact_queries(report: OutcomeReport) -> list[Query]:
    """What :func:`_named_contact` asks of one report."""
    contact, decided = {"contact_id": report.contact_id}, {"decision_id": report.decision_id}
    of_contact: list[Query] = [] if report.contact_id is None else [(_NAMED_CONTACT, contact)]
    of_decision = [] if report.decision_id is None else [(_CUSTOMER_OF_DECISION, decided), (_NAMED_SLOT, decided)]
    return [*of_contact, *of_decision]


def _named_contact(transaction: Transaction, report: OutcomeReport) -> tuple[str, str] | None:
    """Channel and purpose of the contact that the outcome names, None where the ledger knows none."""
    contact: Row | None = None
    if report.contact_id is not None:
        contact = transaction.row(_NAMED_CONTACT, {"contact_id": report.contact_id})
        _require_own(transaction, report, contact, "contact_id")
    if report.decision_id is not None:
        decided = {"decision_id": report.decision_id}
        _require_own(transaction, report, transaction.row(_CUSTOMER_OF_DECISION, decided), "decision_id")
        contact = contact or transaction.row(_NAMED_SLOT, decided)
    return None if contact is None else (contact[1], contact[2])


def _require_own(transaction: Transaction, report: OutcomeReport, owner: Row | None, field: str) -> None:
    if owner is not None and current_id(transaction, owner[0]) != report.customer_id:
        value = getattr(report, field)
        remedy = "name the customer it belongs to"
        raise InvalidInput("the outcome names another customer's record", field=field, value=value, remedy=remedy)


_ALL = "*"
_UNNAMED = (_ALL, "marketing")


def _withdrawal(report: OutcomeReport, named: tuple[str, str] | None) -> ConsentReport:
    channel, purpose = (_ALL, _ALL) if report.type == _COMPLAINT else named or _UNNAMED
    return ConsentReport(
        consent_id=f"outcome:{report.outcome_id}",
        customer_id=report.customer_id,
        channel=channel,
        purpose=purpose,
        status=ConsentStatus.WITHDRAWN,
        recorded_at=report.at,
        basis=report.type,
    )


# What an outcome is joined to: the contact that it names by its own id or by the executor's, or the slot of a decision.
_JOINED = [
    select(contacts.c.action_id).where(column == named).scalar_subquery()
    for column, named in (
        (contacts.c.contact_id, outcomes.c.contact_id),
        (contacts.c.report_id, outcomes.c.contact_id),
        (contacts.c.decision_id, outcomes.c.decision_id),
    )
]

_RECENT = select(
    outcomes.c.type, outcomes.c.at, func.coalesce(*_JOINED).label("action_id"), outcomes.c.outcome_id
).where(outcomes.c.customer_id == OF_WHOM, outcomes.c.at >= SINCE)

# A complaint that nobody has closed is open however old it is, so the last of each type is never forgotten.
_LAST_BEFORE = (
    select(outcomes.c.type, func.max(outcomes.c.at).label("at"), cast(null(), String), cast(null(), String))
    .where(outcomes.c.customer_id == OF_WHOM, outcomes.c.at < SINCE)
    .group_by(outcomes.c.type)
)

_UNION = union_all(_RECENT, _LAST_BEFORE).subquery()
_OF_CUSTOMER = select(_UNION.c.type, _UNION.c.at, _UNION.c.action_id).order_by(
    _UNION.c.at, _UNION.c.outcome_id, _UNION.c.type
)


def outcomes_query(customer_id: str, since: datetime) -> Query:
    """The query of :func:`outcomes_of`."""
    return _OF_CUSTOMER, {"customer_id": customer_id, "since": to_micros(since)}


def outcomes_of(transaction: Transaction, customer_id: str, since: datetime) -> tuple[OutcomeEvent, ...]:
    """The outcomes of a customer from `since` on, and the last of each type before; oldest first."""
    rows = transaction.rows(*outcomes_query(customer_id, since))
    return tuple([OutcomeEvent(kind, from_micros(at), action_id) for kind, at, action_id in rows])
