"""The kill switch in the ledger's database: one for all workers, with everything that was ever ordered.

It is asked inside the transaction that commits an act, that approves a review and that hands a message over, so that
none of these commits after an order to stop was acknowledged, whichever worker took the order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import Contact
from heed.decisioning.decision import Disposition
from heed.decisioning.errors import Conflict
from heed.decisioning.kill_switch import Stop, decisive_stop
from heed.decisioning.verdict import Effect
from heed.serving.errors import StaleFacts
from heed.serving.ledger.backend.times import micros, moment
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.queries.stops import ABOUT, ABOUT_WAITING, ADD, HISTORY, IN_FORCE, LAST_NUMBER


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


def in_force(transaction: Transaction) -> tuple[Stop, ...]:
    """What is stopped now, in the order in which it was."""
    return tuple([_stop(row) for row in transaction.rows(IN_FORCE, {})])


def history(transaction: Transaction, limit: int) -> tuple[RecordedOrder, ...]:
    """All orders, newest first."""
    rows = transaction.rows(HISTORY, {"limit": limit})
    return tuple(RecordedOrder(row[0], row[2], row[8], _stop(row)) for row in rows)


def stop(transaction: Transaction, now: datetime, order: StopOrder) -> tuple[Stop, ...]:
    """Record an order to stop; what is stopped from now on."""
    _add(transaction, now, order, "stop")
    return in_force(transaction)


def resume(transaction: Transaction, now: datetime, order: StopOrder) -> tuple[Stop, ...]:
    """Record an order to resume what exactly such an order stopped; what remains stopped.

    Raises
    ------
    Conflict
        If nothing of this scope is stopped.
    """
    wanted, found = _scope(order), in_force(transaction)
    if wanted not in {_scope(one) for one in found}:
        stopped = "; ".join(one.scope for one in found) or "nothing"
        remedy = f"name exactly what was stopped; stopped is: {stopped}"
        raise Conflict("no order to stop of this scope is in force", field="scope", remedy=remedy)
    _add(transaction, now, order, "resume")
    return in_force(transaction)


def require_running(transaction: Transaction, contact: Contact) -> None:
    """Refuse to commit an act that is stopped.

    Raises
    ------
    StaleFacts
        If it is. Decided again, it ends in hold or review with the order as its reason.
    """
    found = decisive_stop(in_force(transaction), contact.channel, contact.action_id, contact.message_class)
    if found is not None:
        raise StaleFacts(found.sentence, field="stop", remedy="decide again")


def against_approval(transaction: Transaction, contact: Contact) -> Stop | None:
    """The order that forbids what a person approves: one to hold. One to review asks for just that person."""
    held = [one for one in in_force(transaction) if one.effect is Effect.SUPPRESS]
    return decisive_stop(held, contact.channel, contact.action_id, contact.message_class)


def against_message(transaction: Transaction, outbox_id: str, also: Stop | None = None) -> Stop | None:
    """The order that keeps a message in the outbox, None where none does.

    Parameters
    ----------
    also : Stop or None
        One more order: the policy's own.
    """
    orders = _orders(transaction, also)
    row = transaction.row(ABOUT, {"outbox_id": outbox_id}) if orders else None
    return None if row is None else _keeps_back(orders, row)


def all_stopped(transaction: Transaction, also: Stop | None = None) -> bool:
    """Whether an order holds everything, so that no message needs to be looked at."""
    orders = _orders(transaction, also)
    return any(one.effect is Effect.SUPPRESS and one.everything for one in orders)


def model_error(transaction: Transaction, also: Stop | None = None) -> frozenset[str]:
    """Ids of the waiting messages that orders keep in the outbox."""
    orders = _orders(transaction, also)
    rows = transaction.rows(ABOUT_WAITING, {}) if orders else []
    return frozenset(row[0] for row in rows if _keeps_back(orders, row) is not None)


def _orders(transaction: Transaction, also: Stop | None) -> tuple[Stop, ...]:
    return in_force(transaction) + (() if also is None else (also,))


def _keeps_back(orders: Sequence[Stop], row: Row) -> Stop | None:
    _, channel, action_id, message_class, disposition = row
    approved = disposition == Disposition.REVIEW
    those = [one for one in orders if one.effect is Effect.SUPPRESS] if approved else orders
    return decisive_stop(those, channel, action_id, MessageClass(message_class))


def _add(transaction: Transaction, now: datetime, order: StopOrder, event: Literal["stop", "resume"]) -> None:
    values = {
        "number": transaction.rows(LAST_NUMBER, {})[0][0] + 1,
        "at": micros(now),
        "event": event,
        "scope": _scope(order),
        "channel": order.channel,
        "action_id": order.action_id,
        "message_class": None if order.message_class is None else order.message_class.value,
        "effect": order.effect.value if event == "stop" else None,
        "reason": order.reason,
        "ordered_by": order.ordered_by,
    }
    transaction.run(ADD, values)


def _scope(about: StopOrder | Stop) -> str:
    """One text for one scope, whatever stands in the names."""
    return repr((about.channel, about.action_id, about.message_class and about.message_class.value))


def _stop(row: Row) -> Stop:
    _, at, _, channel, action_id, message_class, effect, reason, _ = row
    named = None if message_class is None else MessageClass(message_class)
    return Stop(reason, moment(at), Effect(effect or Effect.SUPPRESS), channel, action_id, named)
