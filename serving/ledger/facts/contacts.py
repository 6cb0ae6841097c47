"""Contacts: slots that decisions reserve, what became of them, and contacts made by other tools.

A message of the outbox belongs to a slot; taking it off the outbox frees the slot in the same transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress

from sqlalchemy import bindparam, delete, insert, null, select, update

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import Contact, ContactState
from heed.decisioning.errors import Conflict, InvalidInput
from heed.serving.ledger import outbox
from heed.serving.ledger.backend.database import KILL_SWITCH, SHARED
from heed.serving.ledger.backend.repository import writes
from heed.serving.ledger.backend.times import from_micros_many, to_micros
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.encryption.data_keys import DataKey
from heed.serving.ledger.facts.customers import add_customer, customer_lock, raise_version, raise_versions, report_locks
from heed.serving.ledger.facts.ingest import (
    Fact,
    FactKind,
    IngestResult,
    count_and_raise,
    ingest,
    reused_id,
    since_erasure,
)
from heed.serving.ledger.facts.reports import ContactReport
from heed.serving.ledger.facts.tombstones import erased_id
from heed.serving.ledger.facts.volumes import raise_volume
from heed.serving.ledger.schema import OF_WHOM, SINCE, contacts, pick

_MESSAGE_CLASSES = {message_class.value: message_class for message_class in MessageClass}
_STATES = {state.value: state for state in ContactState}

# No upper bound on the time and no bound on the number: a cap counts every contact of its window.
_OF_CUSTOMER = (
    pick(contacts, "action_id channel purpose category at message_class state")
    .where(contacts.c.customer_id == OF_WHOM, contacts.c.at >= SINCE)
    .order_by(contacts.c.at, contacts.c.contact_id)
)


def contacts_query(customer_id: str, since: datetime) -> Query:
    """The query of :func:`contacts_of`."""
    return _OF_CUSTOMER, {"customer_id": customer_id, "since": to_micros(since)}


def contacts_of(transaction: Transaction, customer_id: str, since: datetime) -> tuple[Contact, ...]:
    """The contacts of a customer from `since` on, oldest first."""
    rows = transaction.rows(*contacts_query(customer_id, since))
    if not rows:
        return ()
    action_ids, channels, purposes, categories, at, classes, states = zip(*rows, strict=True)
    message_classes = [_MESSAGE_CLASSES[name] for name in classes]
    state = [_STATES[name] for name in states]
    return tuple(map(Contact, action_ids, channels, purposes, categories, from_micros_many(at), message_classes, state))


# --- slots


@dataclass(frozen=True, slots=True)
class Slot:
    """A contact slot as it stands; its time in stored microseconds."""

    contact_id: str
    customer_id: str
    state: ContactState
    at: int
    action_id: str
    cost: float


_SLOT = "contact_id customer_id state at action_id cost"
_SLOT_BY_ID = pick(contacts, _SLOT).where(contacts.c.contact_id == bindparam("contact_id"))
_SLOT_OF_DECISION = pick(contacts, _SLOT).where(contacts.c.decision_id == bindparam("decision_id"))


def find_slot(transaction: Transaction, contact_id: str) -> Slot | None:
    """The contact slot of this id, None where there is none."""
    return _slot(transaction.row(_SLOT_BY_ID, {"contact_id": contact_id}))


def _slot(row: Row | None) -> Slot | None:
    if row is None:
        return None
    contact_id, customer_id, state, at, action_id, cost = row
    return Slot(contact_id, customer_id, ContactState(state), at, action_id, cost)


_ADD = insert(contacts)


def take_slot(
    transaction: Transaction,
    now: datetime,
    *,
    decision_id: str,
    customer_id: str,
    contact_id: str,
    contact: Contact,
    cost: float,
    message: str | None,
    key: DataKey,
    new_customer: bool,
    alone: bool,
) -> None:
    """Reserve the contact of a decision, which counts from now on, and hand its message, if any, to the outbox.

    Parameters
    ----------
    key : DataKey
        The customer's.
    new_customer : bool
        Whether nothing was known of the customer before.
    alone : bool
        Whether it was decided on volumes, which nobody else counts at the same time.
    """
    slot = _content(customer_id, contact, ContactState.RESERVED, to_micros(now), decision_id, None)
    transaction.defer(_ADD, {"contact_id": contact_id, **slot, "cost": cost, "received_at": to_micros(now)})
    raise_volume(transaction, contact.action_id, to_micros(now), cost, alone=alone)
    if new_customer:
        add_customer(transaction, now, customer_id)
    else:
        raise_version(transaction, customer_id)
    if message is not None:
        outbox.add_message(
            transaction,
            now,
            decision_id=decision_id,
            contact_id=contact_id,
            action_id=contact.action_id,
            payload=message,
            key=key,
        )


_RELEASE = update(contacts).where(contacts.c.contact_id == bindparam("slot")).values(state="released")


def free_slot(transaction: Transaction, contact_id: str) -> None:
    """Release a reserved slot; one whose contact was made stays as it is."""
    slot = find_slot(transaction, contact_id)
    if slot is None or slot.state is not ContactState.RESERVED:
        return
    transaction.defer(_RELEASE, {"slot": contact_id})
    raise_volume(transaction, slot.action_id, slot.at, slot.cost, by=-1)


# --- messages taken off the outbox


def withdraw_message(transaction: Transaction, now: datetime, outbox_id: str, contact_id: str, because: str) -> None:
    """Take a message that waits off the outbox and free its slot.

    The slot goes on counting where some executor may have the message: the customer may have been contacted.
    """
    outbox.withdraw(transaction, now, outbox_id, because)
    if outbox.unsettled_leases(transaction, outbox_id) == 0:
        free_slot(transaction, contact_id)


def message_locks(transaction: Transaction, outbox_id: str, *_: object, **__: object) -> Iterator[str]:
    """The customer to whom a message of the outbox goes, and the kill switch."""
    yield f"{SHARED}{KILL_SWITCH}"
    message = outbox.find_place(transaction, outbox_id)
    slot = None if message is None else find_slot(transaction, message.contact_id)
    if slot is not None:
        yield customer_lock(slot.customer_id)


@writes(locks=message_locks)
def cancel_message(transaction: Transaction, now: datetime, outbox_id: str, because: str) -> bool:
    """Withdraw a message that waits, and free its slot; False if it was delivered or withdrawn before.

    Raises
    ------
    NotFound
        If there is no such message.
    """
    message = outbox.find_place(transaction, outbox_id)
    if message is None:
        raise outbox.no_message_error(outbox_id)
    if not message.waits:
        return False
    slot = find_slot(transaction, message.contact_id)
    withdraw_message(transaction, now, outbox_id, message.contact_id, because)
    if slot is not None:
        raise_versions(transaction, now, (slot.customer_id,))
    return True


# --- reports

_FAILED_BECAUSE = "The executor reported that the contact failed."
_BY_ID = pick(
    contacts, "customer_id action_id channel purpose category message_class state at decision_id report_id source"
).where(contacts.c.contact_id == bindparam("id"))
_CONTACTS = FactKind("contact_id", _BY_ID, _ADD)


@writes(locks=report_locks)
def record_contacts(transaction: Transaction, now: datetime, reports: Sequence[ContactReport]) -> IngestResult:
    """Take contacts made and contacts that failed: of slots that decisions reserved, and of other tools.

    Raises
    ------
    InvalidInput
        If a report names a decision that took no slot, or another customer's, or leaves out what was sent.
    Conflict
        If a slot is to be released though its contact was made: what was sent stays counted.
    """
    current = since_erasure(transaction, reports, lambda report: report.at)
    ours = [(report, report.decision_id) for report in current if report.decision_id is not None]
    settled = [report for report, decision_id in ours if _settle_slot(transaction, now, report, decision_id)]
    external = _take_external(transaction, now, [report for report in current if report.decision_id is None])
    return count_and_raise(transaction, now, [report.customer_id for report in (*settled, *external)], len(reports))


_BY_REPORT = select(contacts.c.decision_id).where(contacts.c.report_id == bindparam("report_id"))


def _take_external(transaction: Transaction, now: datetime, reports: Sequence[ContactReport]) -> list[ContactReport]:
    """Take what other tools did; those reports that were not on record."""
    settling = transaction.batch([(_BY_REPORT, {"report_id": report.contact_id}) for report in reports])
    for report in compress(reports, settling):
        raise reused_id("contact_id", report.contact_id, "decision_id")
    taken = list(compress(reports, ingest(transaction, now, _CONTACTS, [_fact(report) for report in reports])))
    for report in taken:
        if _state(report) is ContactState.EXECUTED:
            raise_volume(transaction, _described(report).action_id, to_micros(report.at), report.cost)
    return taken


def _fact(report: ContactReport) -> Fact:
    at = to_micros(report.at)
    content = _content(report.customer_id, _described(report), _state(report), at, None, report.source)
    return Fact(report.contact_id, content, {"cost": report.cost})


_SETTLE = (
    update(contacts)
    .where(contacts.c.decision_id == bindparam("decision"))
    .values(state=bindparam("state"), at=bindparam("at"), report_id=bindparam("report_id"))
)


def _settle_slot(transaction: Transaction, now: datetime, report: ContactReport, decision_id: str) -> bool:
    found = _slot(transaction.row(_SLOT_OF_DECISION, {"decision_id": decision_id}))
    if found is not None and found.customer_id == erased_id(transaction.key_ring, report.customer_id):
        # What was decided before a customer was erased stays as it was then.
        return False
    slot = _checked_slot(transaction, report, decision_id, found)
    wanted = _state(report)
    if slot.state == wanted:
        return False
    if slot.state == ContactState.EXECUTED:
        remedy = "report the bounce as an outcome"
        raise Conflict("the contact was reported as made", field="status", value=report.status, remedy=remedy)
    # The window of a cap starts when the slot was taken, whatever the executor's clock says.
    at = max(to_micros(report.at), slot.at) if wanted is ContactState.EXECUTED else slot.at
    report_id = None if report.contact_id == slot.contact_id else report.contact_id
    transaction.defer(_SETTLE, {"decision": decision_id, "state": wanted.value, "at": at, "report_id": report_id})
    _close_message(transaction, now, decision_id, wanted)
    if wanted is ContactState.RELEASED:
        raise_volume(transaction, slot.action_id, slot.at, slot.cost, by=-1)
    elif slot.state == ContactState.RELEASED:
        raise_volume(transaction, slot.action_id, at, slot.cost)
    return True


def _close_message(transaction: Transaction, now: datetime, decision_id: str, state: ContactState) -> None:
    """Take the message that asked for the contact off the outbox, where it still waits."""
    if state is ContactState.EXECUTED:
        outbox.close_as_delivered(transaction, now, decision_id)
    else:
        outbox.close_as_withdrawn(transaction, now, decision_id, _FAILED_BECAUSE)


def _checked_slot(transaction: Transaction, report: ContactReport, decision_id: str, slot: Slot | None) -> Slot:
    """The slot, if it is the one that the report is about."""
    if slot is None:
        remedy = "leave `decision_id` out to record a contact made by another tool"
        raise InvalidInput("the decision took no contact slot", field="decision_id", value=decision_id, remedy=remedy)
    if slot.customer_id != report.customer_id:
        remedy = "name the customer of the decision"
        raise InvalidInput("the decision is about another customer", field="customer_id", remedy=remedy)
    if report.contact_id != slot.contact_id:
        _require_new(transaction, report.contact_id, decision_id)
    return slot


def _require_new(transaction: Transaction, contact_id: str, decision_id: str) -> None:
    settled = transaction.row(_BY_REPORT, {"report_id": contact_id})
    elsewhere = settled is not None and settled[0] != decision_id
    if elsewhere or transaction.row(_BY_ID, {"id": contact_id}) is not None:
        raise reused_id("contact_id", contact_id, "decision_id")


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


# --- merging, deleting

_MOVE = update(contacts).where(contacts.c.customer_id == bindparam("old")).values(customer_id=bindparam("new"))


def move_contacts(transaction: Transaction, new: str, old: str) -> None:
    """Let the contacts of one customer be those of another."""
    transaction.run(_MOVE, {"old": old, "new": new})


_BLANK_SLOTS = (
    update(contacts)
    .where(contacts.c.customer_id == bindparam("old"), contacts.c.decision_id.is_not(None))
    .values(customer_id=bindparam("new"), report_id=null(), source=null())
)


def blank_slots(transaction: Transaction, customer_id: str) -> None:
    """Take the name of a customer who is erased off the slots: budgets and the record of what was done rest on them."""
    transaction.run(_BLANK_SLOTS, {"old": customer_id, "new": erased_id(transaction.key_ring, customer_id)})


_DELETE_EXTERNAL = delete(contacts).where(contacts.c.customer_id == OF_WHOM, contacts.c.decision_id.is_(None))


def delete_external_contacts(transaction: Transaction, customer_id: str) -> None:
    """Delete the contacts of a customer who is erased that were made by other tools."""
    transaction.run(_DELETE_EXTERNAL, {"customer_id": customer_id})
