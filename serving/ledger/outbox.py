"""Messages for executors as they are stored, and the endpoints that take none for now.

A message belongs to a contact slot and waits until it is delivered or withdrawn. This module owns its tables: `leases`
decides which message may go out when, and `facts.contacts` takes a message off the outbox together with its slot.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, not_, null, or_, select, update

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import Contact, ContactState
from heed.decisioning.decision import Disposition
from heed.decisioning.errors import NotFound
from heed.decisioning.kill_switch import Stop
from heed.serving.ledger.backend.database import exclusive
from heed.serving.ledger.backend.repository import reads, reads_now, writes
from heed.serving.ledger.backend.times import from_micros, from_micros_or_none, to_micros
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.encryption.data_keys import PAYLOAD, DataKey, decrypt_text
from heed.serving.ledger.operations.kill_switch import all_stopped, stopped_messages
from heed.serving.ledger.schema import (
    LIMIT,
    NOW,
    OF_WHOM,
    contacts,
    decisions,
    disabled_endpoints,
    outbox,
    outbox_attempts,
    pick,
)

EXECUTE = "execute"


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message that waits for the executor."""

    outbox_id: str
    decision_id: str
    contact_id: str
    action_id: str
    kind: str
    payload: str
    created_at: datetime


_WAITS = (outbox.c.delivered_at.is_(None), outbox.c.withdrawn_at.is_(None))
_THIS = outbox.c.outbox_id == bindparam("message")
_MESSAGE = "outbox_id decision_id contact_id action_id kind payload created_at"

_ADD = insert(outbox)


def add_message(
    transaction: Transaction,
    now: datetime,
    *,
    decision_id: str,
    contact_id: str,
    action_id: str,
    payload: str,
    key: DataKey,
) -> None:
    """Let a message wait for an executor, ready at once.

    Parameters
    ----------
    key : DataKey
        The customer's, under which the payload is encrypted.
    """
    values = {
        "outbox_id": f"{EXECUTE}:{decision_id}",
        "decision_id": decision_id,
        "contact_id": contact_id,
        "action_id": action_id,
        "kind": EXECUTE,
        "payload": key.encrypt_text(decision_id, PAYLOAD, payload),
        "created_at": to_micros(now),
        "delivered_at": None,
        "withdrawn_at": None,
        "withdrawn_because": None,
        "ready_at": to_micros(now),
        "attempts": 0,
        "unsettled": 0,
        "holder": None,
    }
    transaction.defer(_ADD, values)


def _decrypted(transaction: Transaction, row: Row) -> OutboxMessage:
    outbox_id, decision_id, contact_id, action_id, kind, payload, created_at = row
    text = decrypt_text(transaction, decision_id, PAYLOAD, payload)
    return OutboxMessage(outbox_id, decision_id, contact_id, action_id, kind, text or "", from_micros(created_at))


def no_message_error(outbox_id: str) -> NotFound:
    """The error for whoever names a message that is not there."""
    return NotFound("no such message in the outbox", field="outbox_id", value=outbox_id)


# --- queues of messages


@dataclass(frozen=True, slots=True)
class ChannelFilter:
    """The channels whose messages are meant: these, or with `others` all but these."""

    channels: tuple[str, ...] = ()
    others: bool = True


ALL_CHANNELS = ChannelFilter()

_READY = (
    pick(outbox, _MESSAGE)
    .where(*_WAITS, outbox.c.ready_at <= NOW)
    .order_by(outbox.c.ready_at, outbox.c.outbox_id)
    .limit(LIMIT)
)


@cache
def _ready_over(channels: int, *, others: bool) -> Select[Any]:
    """The same over so many channels, bound as `channel0`, `channel1` and so on, or over all but these."""
    if not channels:
        return _READY
    named = or_(*[contacts.c.channel == bindparam(f"channel{place}") for place in range(channels)])
    return _READY.join(contacts, contacts.c.contact_id == outbox.c.contact_id).where(not_(named) if others else named)


@reads_now()
def ready_messages(
    transaction: Transaction,
    now: datetime,
    limit: int = 100,
    policy_stop: Stop | None = None,
    channels: ChannelFilter = ALL_CHANNELS,
) -> tuple[OutboxMessage, ...]:
    """Messages that can be leased and that no order stops, longest ready first.

    Parameters
    ----------
    policy_stop : Stop or None
        The policy's own order to stop.
    """
    if all_stopped(transaction, policy_stop):
        return ()
    stopped = stopped_messages(transaction, policy_stop)
    named = {f"channel{place}": name for place, name in enumerate(channels.channels)}
    statement = _ready_over(len(named), others=channels.others)
    rows = transaction.rows(statement, {"now": to_micros(now), "limit": limit + len(stopped), **named})
    return tuple([_decrypted(transaction, row) for row in rows if row[0] not in stopped][:limit])


# One that an executor has is left alone until it answers or its lease is over.
_OVERDUE = (
    select(outbox.c.outbox_id)
    .where(
        *_WAITS, outbox.c.created_at <= bindparam("cutoff"), or_(outbox.c.holder.is_(None), outbox.c.ready_at <= NOW)
    )
    .order_by(outbox.c.created_at, outbox.c.outbox_id)
    .limit(LIMIT)
)


@reads_now()
def overdue_messages(transaction: Transaction, now: datetime, patience: timedelta, limit: int) -> tuple[str, ...]:
    """Ids of messages that waited longer than this and that no executor has, oldest first."""
    values = {"now": to_micros(now), "cutoff": to_micros(now - patience), "limit": limit}
    return tuple(row[0] for row in transaction.rows(_OVERDUE, values))


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages wait, and since when the oldest does; None where none waits."""

    messages: int
    since: datetime | None


_COUNT: Any = func.count()
_BACKLOG = select(_COUNT, func.min(outbox.c.created_at)).where(*_WAITS)


@reads()
def message_backlog(transaction: Transaction) -> Backlog:
    """How many messages wait, whether or not they can be leased now."""
    messages, since = transaction.rows(_BACKLOG, {})[0]
    return Backlog(messages, from_micros_or_none(since))


# --- one message


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """The slot that a message belongs to, and whether it still waits."""

    contact_id: str
    waits: bool


_PLACE = pick(outbox, "contact_id delivered_at withdrawn_at").where(outbox.c.outbox_id == bindparam("outbox_id"))


def find_place(transaction: Transaction, outbox_id: str) -> MessagePlace | None:
    """Where the message of this id belongs, None where there is none."""
    row = transaction.row(_PLACE, {"outbox_id": outbox_id})
    return None if row is None else MessagePlace(row[0], row[1] is None and row[2] is None)


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message with its slot and how far its delivery has come.

    Attributes
    ----------
    unsettled : int
        Leases of which nobody knows whether the executor has the message.
    slot : Contact
        The slot as its customer's history shows it.
    by_person : bool
        Whether a person decided.
    """

    message: OutboxMessage
    delivered_at: datetime | None
    withdrawn_at: datetime | None
    because: str | None
    ready_at: datetime
    attempts: int
    unsettled: int
    holder: str | None
    customer_id: str
    slot: Contact
    cost: float
    by_person: bool

    @property
    def waits(self) -> bool:
        """Whether it is neither delivered nor withdrawn."""
        return self.delivered_at is None and self.withdrawn_at is None

    def leased(self, now: datetime) -> bool:
        """Whether an executor has it."""
        return self.waits and self.holder is not None and self.ready_at > now

    def state(self, now: datetime) -> str:
        """Where it stands, in a word."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.delivered_at is not None:
            return "delivered"
        return "handed" if self.leased(now) else "waiting"


_QUEUED = (
    select(
        *pick(
            outbox,
            f"{_MESSAGE} delivered_at withdrawn_at withdrawn_because ready_at attempts unsettled holder",
        ).selected_columns,
        contacts.c.customer_id,
        contacts.c.channel,
        contacts.c.purpose,
        contacts.c.category,
        contacts.c.at.label("reserved_at"),
        contacts.c.message_class,
        contacts.c.state,
        contacts.c.cost,
        decisions.c.disposition,
    )
    .select_from(
        outbox.join(contacts, contacts.c.contact_id == outbox.c.contact_id).join(
            decisions, decisions.c.decision_id == outbox.c.decision_id
        )
    )
    .where(outbox.c.outbox_id == bindparam("outbox_id"))
)


def find_message(transaction: Transaction, outbox_id: str) -> QueuedMessage:
    """The message of this id.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = transaction.row(_QUEUED, {"outbox_id": outbox_id})
    if row is None:
        raise no_message_error(outbox_id)
    delivered_at, withdrawn_at, because, ready_at, attempts, unsettled, holder = row[7:14]
    customer_id, channel, purpose, category, reserved_at, message_class, state, cost, disposition = row[14:]
    return QueuedMessage(
        message=_decrypted(transaction, row[:7]),
        delivered_at=from_micros_or_none(delivered_at),
        withdrawn_at=from_micros_or_none(withdrawn_at),
        because=because,
        ready_at=from_micros(ready_at),
        attempts=attempts,
        unsettled=unsettled,
        holder=holder,
        customer_id=customer_id,
        slot=Contact(
            row[3],
            channel,
            purpose,
            category,
            from_micros(reserved_at),
            MessageClass(message_class),
            ContactState(state),
        ),
        cost=cost,
        by_person=disposition != Disposition.ACT,
    )


_WAITING_FOR = (
    pick(outbox, "outbox_id contact_id")
    .join(contacts, contacts.c.contact_id == outbox.c.contact_id)
    .where(contacts.c.customer_id == OF_WHOM, contacts.c.message_class == bindparam("message_class"), *_WAITS)
    .order_by(outbox.c.outbox_id)
)


def waiting_for(transaction: Transaction, customer_id: str, message_class: MessageClass) -> Iterator[tuple[str, str]]:
    """Messages of a class that wait to be sent to a customer, each with the id of its slot."""
    values = {"customer_id": customer_id, "message_class": message_class.value}
    return ((outbox_id, contact_id) for outbox_id, contact_id in transaction.rows(_WAITING_FOR, values))


# --- changes

_WITHDRAW = (
    update(outbox)
    .where(_THIS)
    .values(withdrawn_at=bindparam("at"), withdrawn_because=bindparam("because"), holder=null())
)


def withdraw(transaction: Transaction, now: datetime, outbox_id: str, because: str) -> None:
    """Take a message off the outbox; its slot stays as it is."""
    transaction.run(_WITHDRAW, {"message": outbox_id, "at": to_micros(now), "because": because})


_DELIVER = update(outbox).where(_THIS).values(delivered_at=bindparam("at"), holder=null())


def set_delivered(transaction: Transaction, now: datetime, outbox_id: str) -> None:
    """Note that an executor has taken a message."""
    transaction.run(_DELIVER, {"message": outbox_id, "at": to_micros(now)})


_POSTPONE = update(outbox).where(_THIS).values(ready_at=bindparam("until"), holder=null())


def postpone(transaction: Transaction, outbox_id: str, until: datetime) -> None:
    """Let a message wait until a moment."""
    transaction.run(_POSTPONE, {"message": outbox_id, "until": to_micros(until)})


_OF_DECISION = outbox.c.decision_id == bindparam("decision")
_CLOSE_DELIVERED = update(outbox).where(_OF_DECISION, *_WAITS).values(delivered_at=bindparam("at"))
_CLOSE_WITHDRAWN = (
    update(outbox)
    .where(_OF_DECISION, *_WAITS)
    .values(withdrawn_at=bindparam("at"), withdrawn_because=bindparam("because"))
)


def close_as_delivered(transaction: Transaction, now: datetime, decision_id: str) -> None:
    """Close the message that asked for a contact which was made."""
    transaction.defer(_CLOSE_DELIVERED, {"decision": decision_id, "at": to_micros(now)})


def close_as_withdrawn(transaction: Transaction, now: datetime, decision_id: str, because: str) -> None:
    """Close the message that asked for a contact which will not be made."""
    transaction.defer(_CLOSE_WITHDRAWN, {"decision": decision_id, "at": to_micros(now), "because": because})


# --- leases


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One lease of a message to an executor; `result` is None while it is not known what came of it."""

    number: int
    holder: str
    began_at: datetime
    ended_at: datetime | None
    result: str | None
    status: int | None


_LEASE = (
    update(outbox)
    .where(_THIS)
    .values(
        ready_at=bindparam("until"),
        holder=bindparam("by"),
        attempts=outbox.c.attempts + 1,
        unsettled=outbox.c.unsettled + 1,
    )
)
_ADD_ATTEMPT = insert(outbox_attempts)


def begin_attempt(
    transaction: Transaction, now: datetime, outbox_id: str, number: int, holder: str, until: datetime
) -> None:
    """Give a message to an executor for a while, as its attempt of this number."""
    transaction.run(_LEASE, {"message": outbox_id, "until": to_micros(until), "by": holder})
    began = {"outbox_id": outbox_id, "number": number, "holder": holder, "began_at": to_micros(now)}
    transaction.run(_ADD_ATTEMPT, {**began, "ended_at": None, "result": None, "status": None})


_ATTEMPT_COLUMNS = "number holder began_at ended_at result status"
_ATTEMPTS_OF = pick(outbox_attempts, _ATTEMPT_COLUMNS).where(outbox_attempts.c.outbox_id == bindparam("outbox_id"))
_ATTEMPT = _ATTEMPTS_OF.where(outbox_attempts.c.number == bindparam("number"))


def find_attempt(transaction: Transaction, outbox_id: str, number: int) -> DeliveryAttempt | None:
    """The attempt of this number, None where there is none."""
    row = transaction.row(_ATTEMPT, {"outbox_id": outbox_id, "number": number})
    return None if row is None else _attempt(row)


_ATTEMPTS = _ATTEMPTS_OF.order_by(outbox_attempts.c.number)


def attempts_of(transaction: Transaction, outbox_id: str) -> tuple[DeliveryAttempt, ...]:
    """Every attempt to deliver a message, in order."""
    return tuple(_attempt(row) for row in transaction.rows(_ATTEMPTS, {"outbox_id": outbox_id}))


def _attempt(row: Row) -> DeliveryAttempt:
    number, holder, began_at, ended_at, result, status = row
    return DeliveryAttempt(number, holder, from_micros(began_at), from_micros_or_none(ended_at), result, status)


_END_ATTEMPT = (
    update(outbox_attempts)
    .where(outbox_attempts.c.outbox_id == bindparam("message"), outbox_attempts.c.number == bindparam("fence"))
    .values(ended_at=bindparam("at"), result=bindparam("said"), status=bindparam("code"))
)


def end_attempt(
    transaction: Transaction, now: datetime, outbox_id: str, number: int, result: str, status: int | None
) -> None:
    """Note what came of an attempt."""
    ended = {"message": outbox_id, "fence": number, "at": to_micros(now), "said": result, "code": status}
    transaction.run(_END_ATTEMPT, ended)


_SETTLE_ONE = update(outbox).where(_THIS).values(unsettled=outbox.c.unsettled - 1)


def count_as_settled(transaction: Transaction, outbox_id: str) -> None:
    """Note that of one more lease it is certain that the executor does not have the message."""
    transaction.run(_SETTLE_ONE, {"message": outbox_id})


_UNSETTLED = select(outbox.c.unsettled).where(outbox.c.outbox_id == bindparam("outbox_id"))


def unsettled_leases(transaction: Transaction, outbox_id: str) -> int:
    """Leases of which nobody knows whether the executor has the message."""
    count: int = transaction.rows(_UNSETTLED, {"outbox_id": outbox_id})[0][0]
    return count


@dataclass(frozen=True, slots=True)
class MessageState:
    """Where a message stands.

    Attributes
    ----------
    state : str
        ``waiting``, ``handed``, ``delivered`` or ``withdrawn``.
    because : str or None
        Why it was withdrawn.
    ready_at : datetime or None
        While it waits: when it can be leased at the earliest.
    slot_counts : bool
        Whether its contact slot counts towards caps.
    """

    outbox_id: str
    state: str
    because: str | None
    ready_at: datetime | None
    slot_counts: bool
    attempts: tuple[DeliveryAttempt, ...]


@reads_now()
def message_state(transaction: Transaction, now: datetime, outbox_id: str) -> MessageState:
    """Where the message of this id stands, and what was tried.

    Raises
    ------
    NotFound
        If there is none.
    """
    found = find_message(transaction, outbox_id)
    ready_at = found.ready_at if found.waits else None
    attempts = attempts_of(transaction, outbox_id)
    return MessageState(outbox_id, found.state(now), found.because, ready_at, found.slot.counts, attempts)


# --- erasure

_OF_CUSTOMER = (
    pick(outbox, "outbox_id contact_id delivered_at withdrawn_at")
    .join(contacts, contacts.c.contact_id == outbox.c.contact_id)
    .where(contacts.c.customer_id == OF_WHOM)
    .order_by(outbox.c.outbox_id)
)


def messages_to(transaction: Transaction, customer_id: str) -> list[tuple[str, MessagePlace]]:
    """Every message that was ever to go to a customer, by its id."""
    rows = transaction.rows(_OF_CUSTOMER, {"customer_id": customer_id})
    return [(row[0], MessagePlace(row[1], row[2] is None and row[3] is None)) for row in rows]


_BLANK = update(outbox).where(_THIS).values(payload="")
_BLANK_REASON = (
    update(outbox).where(_THIS, outbox.c.withdrawn_at.is_not(None)).values(withdrawn_because=bindparam("because"))
)


def blank_message(transaction: Transaction, outbox_id: str, because: str) -> None:
    """Delete what a message says, and give `because` as the reason if it was withdrawn."""
    transaction.run(_BLANK, {"message": outbox_id})
    transaction.run(_BLANK_REASON, {"message": outbox_id, "because": because})


# --- endpoints


@dataclass(frozen=True, slots=True)
class DisabledEndpoint:
    """Since when and why nothing is sent to an executor."""

    at: datetime
    because: str


_ENDPOINTS = exclusive("endpoints")
_DISABLED = pick(disabled_endpoints, "disabled_at because").where(
    disabled_endpoints.c.endpoint == bindparam("endpoint")
)


@reads()
def disabled_endpoint(transaction: Transaction, endpoint: str) -> DisabledEndpoint | None:
    """Since when and why nothing is sent to an executor, None where it is enabled."""
    row = transaction.row(_DISABLED, {"endpoint": endpoint})
    return None if row is None else DisabledEndpoint(from_micros(row[0]), row[1])


_DISABLE = insert(disabled_endpoints)


@writes(locks=_ENDPOINTS)
def disable_endpoint(transaction: Transaction, now: datetime, endpoint: str, because: str) -> bool:
    """Send nothing to an executor until it is enabled again; False if that was so."""
    if disabled_endpoint(transaction, endpoint) is not None:
        return False
    transaction.run(_DISABLE, {"endpoint": endpoint, "disabled_at": to_micros(now), "because": because})
    return True


_ENABLE = delete(disabled_endpoints).where(disabled_endpoints.c.endpoint == bindparam("endpoint"))


@writes(locks=_ENDPOINTS)
def enable_endpoint(transaction: Transaction, now: datetime, endpoint: str) -> bool:  # noqa: ARG001 - a write's shape
    """Send to an executor again; False if that was so."""
    return bool(transaction.run(_ENABLE, {"endpoint": endpoint}))
