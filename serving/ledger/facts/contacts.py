"""Taking contacts: slots that decisions reserved are executed or released, contacts by other tools are added."""

from collections.abc import Sequence
from datetime import datetime
from itertools import compress

from heed.decisioning.customer import Contact, ContactState
from heed.decisioning.errors import Conflict, InvalidInput
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.facts.ingest import Fact, Intake, receipted, reused, take
from heed.serving.ledger.facts.tombstones import nameless, still_about
from heed.serving.ledger.facts.volumes import raise_volume
from heed.serving.ledger.queries.contacts import (
    ADD_CONTACT,
    CONTACT_BY_ID,
    RELEASE_SLOT,
    SETTLE_SLOT,
    SLOT,
    SLOT_BY_REPORT,
    SLOT_OF_DECISION,
)
from heed.serving.ledger.queries.handing import FAILED, MADE
from heed.serving.ledger.reports import ContactReport, IngestResult

FAILED_BECAUSE = "The executor reported that the contact failed."
_CONTACTS = Intake("contact_id", CONTACT_BY_ID, ADD_CONTACT)


def record_contacts(transaction: Transaction, now: datetime, reports: Sequence[ContactReport]) -> IngestResult:
    """Take contacts made and contacts that failed.

    Raises
    ------
    InvalidInput
        If a report names a decision that took no slot, or another customer's, or leaves out what was sent.
    Conflict
        If a slot is to be released though its contact was made: what was sent stays counted.
    """
    told = still_about(transaction, reports, lambda one: one.at)
    ours = [(one, one.decision_id) for one in told if one.decision_id is not None]
    settled = [one for one, decision_id in ours if _settle_slot(transaction, now, one, decision_id)]
    taken = _take_external(transaction, now, [one for one in told if one.decision_id is None])
    return receipted(transaction, now, [one.customer_id for one in (*settled, *taken)], len(reports))


def reserve(
    transaction: Transaction,
    now: datetime,
    contact_id: str,
    decision_id: str,
    customer_id: str,
    contact: Contact,
    cost: float,
    *,
    alone: bool,
) -> None:
    """Take a contact slot for a decision at this moment; it counts towards caps and volumes from now on."""
    slot = _content(customer_id, contact, ContactState.RESERVED, micros(now), decision_id, None)
    added = {"contact_id": contact_id, **slot, "cost": cost, "received_at": micros(now)}
    transaction.later(ADD_CONTACT, added)
    raise_volume(transaction, contact.action_id, micros(now), cost, alone=alone)


def free(transaction: Transaction, contact_id: str) -> None:
    """Release a reserved slot; one whose contact was made stays as it is."""
    row = transaction.row(SLOT, {"contact_id": contact_id})
    if row is None or row[2] != ContactState.RESERVED:
        return
    transaction.later(RELEASE_SLOT, {"slot": contact_id})
    raise_volume(transaction, row[1], row[3], row[4], by=-1)


def _take_external(transaction: Transaction, now: datetime, reports: Sequence[ContactReport]) -> list[ContactReport]:
    """Take what other tools did; those that were not on record."""
    settling = transaction.several([(SLOT_BY_REPORT, {"report_id": one.contact_id}) for one in reports])
    for report in compress(reports, settling):
        raise reused("contact_id", report.contact_id, "decision_id")
    taken = list(compress(reports, take(transaction, now, _CONTACTS, [_fact(one) for one in reports])))
    for one in taken:
        if _state(one) is ContactState.EXECUTED:
            raise_volume(transaction, _described(one).action_id, micros(one.at), one.cost)
    return taken


def _fact(report: ContactReport) -> Fact:
    at = micros(report.at)
    content = _content(report.customer_id, _described(report), _state(report), at, None, report.source)
    return Fact(report.contact_id, content, {"cost": report.cost})


def _settle_slot(transaction: Transaction, now: datetime, report: ContactReport, decision_id: str) -> bool:
    slot = transaction.row(SLOT_OF_DECISION, {"decision_id": decision_id})
    if slot is not None and slot[1] == nameless(transaction.seal.customer(report.customer_id)):
        # What was decided before somebody was erased stays as it was then.
        return False
    contact_id, state, reserved_at, action_id, cost = _checked(transaction, report, decision_id, slot)
    wanted = _state(report)
    if state == wanted:
        return False
    if state == ContactState.EXECUTED:
        remedy = "report the bounce as an outcome"
        raise Conflict("the contact was reported as made", field="status", value=report.status, remedy=remedy)
    # The window of a cap starts when the slot was taken, whatever the executor's clock says.
    at = max(micros(report.at), reserved_at) if wanted is ContactState.EXECUTED else reserved_at
    own_id = None if report.contact_id == contact_id else report.contact_id
    values = {"decision": decision_id, "state": wanted.value, "at": at, "report_id": own_id}
    transaction.later(SETTLE_SLOT, values)
    _close_message(transaction, now, decision_id, wanted)
    if wanted is ContactState.RELEASED:
        raise_volume(transaction, action_id, reserved_at, cost, by=-1)
    elif state == ContactState.RELEASED:
        raise_volume(transaction, action_id, at, cost)
    return True


def _close_message(transaction: Transaction, now: datetime, decision_id: str, state: ContactState) -> None:
    """Take the message that asked for the contact off the outbox, where it still waits."""
    closed = {"decision": decision_id, "at": micros(now)}
    if state is ContactState.EXECUTED:
        transaction.later(MADE, closed)
    else:
        transaction.later(FAILED, {**closed, "because": FAILED_BECAUSE})


def _checked(
    transaction: Transaction, report: ContactReport, decision_id: str, slot: Row | None
) -> tuple[str, ContactState, int, str, float]:
    """Id, state, time, action and cost of the slot that the report is about."""
    if slot is None:
        remedy = "leave `decision_id` out to record a contact made by another tool"
        raise InvalidInput("the decision took no contact slot", field="decision_id", value=decision_id, remedy=remedy)
    contact_id, customer_id, state, at, action_id, cost = slot
    if customer_id != report.customer_id:
        remedy = "name the customer of the decision"
        raise InvalidInput("the decision is about another customer", field="customer_id", remedy=remedy)
    if report.contact_id != contact_id:
        _require_new(transaction, report.contact_id, decision_id)
    return contact_id, ContactState(state), at, action_id, cost


def _require_new(transaction: Transaction, contact_id: str, decision_id: str) -> None:
    settled = transaction.row(SLOT_BY_REPORT, {"report_id": contact_id})
    elsewhere = settled is not None and settled[0] != decision_id
    if elsewhere or transaction.row(CONTACT_BY_ID, {"id": contact_id}) is not None:
        raise reused("contact_id", contact_id, "decision_id")


def _state(report: ContactReport) -> ContactState:
    return ContactState.EXECUTED if report.status == "executed" else ContactState.RELEASED


def _described(report: ContactReport) -> Contact:
    if report.action_id is None or report.channel is None or report.purpose is None:
        missing = next(name for name in ("action_id", "channel", "purpose") if getattr(report, name) is None)
        remedy = "say what was sent, or name the `decision_id` whose slot it settles"
        raise InvalidInput("a contact by another tool is incomplete", field=missing, remedy=remedy)
    category = report.category or ""
    return Contact(report.action_id, report.channel, report.purpose, category, report.at, report.message_class)


def _content(
    customer_id: str, contact: Contact, state: ContactState, at: int, decision_id: str | None, source: str | None
) -> dict[str, object]:
    return {
        "customer_id": customer_id,
        "action_id": contact.action_id,
        "channel": contact.channel,
        "purpose": contact.purpose,
        "category": contact.category,
        "message_class": contact.message_class.value,
        "state": state.value,
        "at": at,
        "decision_id": decision_id,
        "report_id": None,
        "source": source,
    }
