"""Handing messages of the outbox to executors."""

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, not_, null, or_, select, update

from heed.serving.ledger.queries.parts import LIMIT, NOW, pick
from heed.serving.ledger.tables.decided import decisions
from heed.serving.ledger.tables.happenings import contacts
from heed.serving.ledger.tables.sending import disabled_endpoints, outbox, outbox_attempts

_OPEN = (outbox.c.delivered_at.is_(None), outbox.c.withdrawn_at.is_(None))
_THIS = outbox.c.outbox_id == bindparam("message")

READY = (
    pick(outbox, "outbox_id decision_id contact_id action_id kind payload created_at")
    .where(*_OPEN, outbox.c.ready_at <= NOW)
    .order_by(outbox.c.ready_at, outbox.c.outbox_id)
    .limit(LIMIT)
)


@cache
def ready_over(channels: int, *, others: bool) -> Select[Any]:
    """The same over so many channels, bound as `channel0`, `channel1` and so on, or over all but these."""
    if not channels:
        return READY
    named = or_(*[contacts.c.channel == bindparam(f"channel{place}") for place in range(channels)])
    return READY.join(contacts, contacts.c.contact_id == outbox.c.contact_id).where(not_(named) if others else named)


# One that is in somebody's hands is let be until they answer or their time is over.
OVERDUE = (
    select(outbox.c.outbox_id)
    .where(*_OPEN, outbox.c.created_at <= bindparam("cutoff"), or_(outbox.c.holder.is_(None), outbox.c.ready_at <= NOW))
    .order_by(outbox.c.created_at, outbox.c.outbox_id)
    .limit(LIMIT)
)

_COUNT: Any = func.count()
WAITING = select(_COUNT, func.min(outbox.c.created_at)).where(*_OPEN)

HANDLED = (
    select(
        *pick(
            outbox,
            "outbox_id decision_id contact_id action_id kind payload created_at "
            "delivered_at withdrawn_at withdrawn_because ready_at attempts unsettled holder",
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

HAND_OVER = (
    update(outbox)
    .where(_THIS)
    .values(
        ready_at=bindparam("until"),
        holder=bindparam("by"),
        attempts=outbox.c.attempts + 1,
        unsettled=outbox.c.unsettled + 1,
    )
)
PUT_OFF = update(outbox).where(_THIS).values(ready_at=bindparam("until"), holder=null())
CERTAIN = update(outbox).where(_THIS).values(unsettled=outbox.c.unsettled - 1)

ADD_ATTEMPT = insert(outbox_attempts)
END_ATTEMPT = (
    update(outbox_attempts)
    .where(outbox_attempts.c.outbox_id == bindparam("message"), outbox_attempts.c.number == bindparam("fence"))
    .values(ended_at=bindparam("at"), result=bindparam("said"), status=bindparam("code"))
)
ATTEMPT = pick(outbox_attempts, "number holder began_at ended_at result status").where(
    outbox_attempts.c.outbox_id == bindparam("outbox_id"), outbox_attempts.c.number == bindparam("number")
)
ATTEMPTS = (
    pick(outbox_attempts, "number holder began_at ended_at result status")
    .where(outbox_attempts.c.outbox_id == bindparam("outbox_id"))
    .order_by(outbox_attempts.c.number)
)

UNSETTLED = select(outbox.c.unsettled).where(outbox.c.outbox_id == bindparam("outbox_id"))

# What an executor reports of the contact settles the message that asked for it.
MADE = update(outbox).where(outbox.c.decision_id == bindparam("decision"), *_OPEN).values(delivered_at=bindparam("at"))
FAILED = (
    update(outbox)
    .where(outbox.c.decision_id == bindparam("decision"), *_OPEN)
    .values(withdrawn_at=bindparam("at"), withdrawn_because=bindparam("because"))
)

DISABLED = pick(disabled_endpoints, "disabled_at because").where(disabled_endpoints.c.endpoint == bindparam("endpoint"))
ADD_DISABLED = insert(disabled_endpoints)
ENABLE = disabled_endpoints.delete().where(disabled_endpoints.c.endpoint == bindparam("endpoint"))
