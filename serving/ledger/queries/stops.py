"""The kill switch."""

from typing import Any

from sqlalchemy import Select, bindparam, desc, func, insert, select

from heed.serving.ledger.queries.parts import LIMIT, pick
from heed.serving.ledger.tables.decided import decisions
from heed.serving.ledger.tables.happenings import contacts
from heed.serving.ledger.tables.sending import outbox, stops

_SAID = pick(stops, "number at event channel action_id message_class effect reason ordered_by")
_LAST = select(func.max(stops.c.number)).group_by(stops.c.scope)

# The orders that hold: the last one of each scope, unless it was to resume. There are few, whatever the history.
IN_FORCE = _SAID.where(stops.c.number.in_(_LAST), stops.c.event == "stop").order_by(stops.c.number)
LAST_NUMBER = select(func.coalesce(func.max(stops.c.number), 0))
HISTORY = _SAID.order_by(desc(stops.c.number)).limit(LIMIT)
ADD = insert(stops)

# What a message is about, and whether heed or a person set it in motion.
_ABOUT: Select[Any] = select(
    outbox.c.outbox_id, contacts.c.channel, contacts.c.action_id, contacts.c.message_class, decisions.c.disposition
).select_from(
    outbox.join(contacts, contacts.c.contact_id == outbox.c.contact_id).join(
        decisions, decisions.c.decision_id == outbox.c.decision_id
    )
)
ABOUT = _ABOUT.where(outbox.c.outbox_id == bindparam("outbox_id"))
ABOUT_WAITING = _ABOUT.where(outbox.c.delivered_at.is_(None), outbox.c.withdrawn_at.is_(None)).order_by(
    outbox.c.created_at, outbox.c.outbox_id
)
