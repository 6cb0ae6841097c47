"""The kill switch: one for all workers, with every order that was ever given.

It is read inside the transaction that commits an act, approves a review or leases a message, so that none of these
commits after an order to stop was acknowledged, whichever worker took the order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, bindparam, desc, func, insert, select

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import Contact
from heed.decisioning.decision import Disposition
from heed.decisioning.errors import Conflict
from heed.decisioning.kill_switch import Stop, decisive_stop
from heed.decisioning.verdict import Effect
from heed.serving.errors import StaleFacts
from heed.serving.ledger.backend.database import KILL_SWITCH
from heed.serving.ledger.backend.repository import reads, writes
from heed.serving.ledger.backend.times import from_micros, to_micros
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.schema import LIMIT, contacts, decisions, outbox, pick, stops


@dataclass(frozen=True, slots=True)
class StopOrder:
    """An order to stop or to resume, before it is recorded.

    Attributes
    ----------
    reason, ordered_by : str
        Why and by whom.
    effect : Effect
        Suppress, which ends in hold, or review; of no meaning for an order to resume.
    channel, action_id, message_class : str, str, MessageClass or None
        What it is about; everything where none is named.
    """

    reason: str
    ordered_by: str
    effect: Effect = Effect.SUPPRESS
    channel: str | None = None
    action_id: str | None = None
    message_class: MessageClass | None = None


@dataclass(frozen=True, slots=True)
class RecordedOrder:
    """A recorded order."""

    number: int
    event: Literal["stop", "resume"]
    ordered_by: str
    stop: Stop


_ORDERS = pick(stops, "number at event channel action_id message_class effect reason ordered_by")
_LAST = select(func.max(stops.c.number)).group_by(stops.c.scope)
# The orders that hold: the last one of each scope, unless it was to resume. There are few, whatever the history.
_ACTIVE = _ORDERS.where(stops.c.number.in_(_LAST), stops.c.event == "stop").order_by(stops.c.number)


def stops_query() -> Query:
    """The query of :func:`active_stops`."""
    return _ACTIVE, {}


@reads()
def active_stops(transaction: Transaction) -> tuple[Stop, ...]:
    """What is stopped now, in the order in which it was."""
    return tuple([_stop(row) for row in transaction.rows(*stops_query())])


_HISTORY = _ORDERS.order_by(desc(stops.c.number)).limit(LIMIT)


@reads()
def order_history(transaction: Transaction, limit: int = 50) -> tuple[RecordedOrder, ...]:
    """Orders to stop and to resume, newest first."""
    rows = transaction.rows(_HISTORY, {"limit": limit})
    return tuple(RecordedOrder(row[0], row[2], row[8], _stop(row)) for row in rows)


def _alone(*_: object, **__: object) -> tuple[str]:
    return (KILL_SWITCH,)


@writes(locks=_alone)
def stop(transaction: Transaction, now: datetime, order: StopOrder) -> tuple[Stop, ...]:
    """Record an order to stop: no act that it covers commits after this returns. What is stopped from now on."""
    _record(transaction, now, order, "stop")
    return active_stops(transaction)


@writes(locks=_alone)
def resume(transaction: Transaction, now: datetime, order: StopOrder) -> tuple[Stop, ...]:
    """Record an order to resume what exactly such an order stopped; what remains stopped.

    Raises
    ------
    Conflict
        If nothing of this scope is stopped.
    """
    wanted, active = _scope(order), active_stops(transaction)
    if wanted not in {_scope(stop) for stop in active}:
        stopped = "; ".join(stop.scope for stop in active) or "nothing"
        remedy = f"name exactly what was stopped; stopped is: {stopped}"
        raise Conflict("no order to stop of this scope is in force", field="scope", remedy=remedy)
    _record(transaction, now, order, "resume")
    return active_stops(transaction)


def require_running(transaction: Transaction, contact: Contact) -> None:
    """Refuse to commit an act that is stopped.

    Raises
    ------
    StaleFacts
        If it is. Decided again, it ends in hold or review with the order as its reason.
    """
    binding = decisive_stop(active_stops(transaction), contact.channel, contact.action_id, contact.message_class)
    if binding is not None:
        raise StaleFacts(binding.sentence, field="stop", remedy="decide again")


def stop_for_approval(transaction: Transaction, contact: Contact) -> Stop | None:
    """The order that forbids what a person approves: one to hold. One to review asks for just that person."""
    suppressing = [stop for stop in active_stops(transaction) if stop.effect is Effect.SUPPRESS]
    return decisive_stop(suppressing, contact.channel, contact.action_id, contact.message_class)


# What a message is about, and whether heed or a person set it in motion.
_ABOUT: Select[Any] = select(
    outbox.c.outbox_id, contacts.c.channel, contacts.c.action_id, contacts.c.message_class, decisions.c.disposition
).select_from(
    outbox.join(contacts, contacts.c.contact_id == outbox.c.contact_id).join(
        decisions, decisions.c.decision_id == outbox.c.decision_id
    )
)
_MESSAGE = _ABOUT.where(outbox.c.outbox_id == bindparam("outbox_id"))


def stop_for_message(transaction: Transaction, outbox_id: str, policy_stop: Stop | None = None) -> Stop | None:
    """The order that keeps a message in the outbox, None where none does.

    Parameters
    ----------
    policy_stop : Stop or None
        One more order: the policy's own.
    """
    orders = _with_policy_stop(transaction, policy_stop)
    row = transaction.row(_MESSAGE, {"outbox_id": outbox_id}) if orders else None
    return None if row is None else _stopping(orders, row)


def all_stopped(transaction: Transaction, policy_stop: Stop | None = None) -> bool:
    """Whether an order holds everything, so that no message needs to be looked at."""
    orders = _with_policy_stop(transaction, policy_stop)
    return any(stop.effect is Effect.SUPPRESS and stop.everything for stop in orders)


_WAITING = _ABOUT.where(outbox.c.delivered_at.is_(None), outbox.c.withdrawn_at.is_(None)).order_by(
    outbox.c.created_at, outbox.c.outbox_id
)


def stopped_messages(transaction: Transaction, policy_stop: Stop | None = None) -> frozenset[str]:
    """Ids of the waiting messages that orders keep in the outbox."""
    orders = _with_policy_stop(transaction, policy_stop)
    rows = transaction.rows(_WAITING, {}) if orders else []
    return frozenset(row[0] for row in rows if _stopping(orders, row) is not None)


def _with_policy_stop(transaction: Transaction, policy_stop: Stop | None) -> tuple[Stop, ...]:
    return active_stops(transaction) + (() if policy_stop is None else (policy_stop,))


def _stopping(orders: Sequence[Stop], row: Row) -> Stop | None:
    _, channel, action_id, message_class, disposition = row
    approved = disposition == Disposition.REVIEW
    binding = [stop for stop in orders if stop.effect is Effect.SUPPRESS] if approved else orders
    return decisive_stop(binding, channel, action_id, MessageClass(message_class))


_LAST_NUMBER = select(func.coalesce(func.max(stops.c.number), 0))
_ADD = insert(stops)


def _record(transaction: Transaction, now: datetime, order: StopOrder, event: Literal["stop", "resume"]) -> None:
    values = {
        "number": transaction.rows(_LAST_NUMBER, {})[0][0] + 1,
        "at": to_micros(now),
        "event": event,
        "scope": _scope(order),
        "channel": order.channel,
        "action_id": order.action_id,
        "message_class": None if order.message_class is None else order.message_class.value,
        "effect": order.effect.value if event == "stop" else None,
        "reason": order.reason,
        "ordered_by": order.ordered_by,
    }
    transaction.run(_ADD, values)


def _scope(about: StopOrder | Stop) -> str:
    """One text for one scope, whatever stands in the names."""
    return repr((about.channel, about.action_id, about.message_class and about.message_class.value))


def _stop(row: Row) -> Stop:
    _, at, _, channel, action_id, message_class, effect, reason, _ = row
    named = None if message_class is None else MessageClass(message_class)
    return Stop(reason, from_micros(at), Effect(effect or Effect.SUPPRESS), channel, action_id, named)
