"""Messages for the executor."""

from sqlalchemy import bindparam, insert, update

from serving.ledger.queries.parts import LIMIT, OF_WHOM, pick
from serving.ledger.tables import contacts, outbox

ADD_OUTBOX = insert(outbox)

WAITING = (
    pick(outbox, "outbox_id decision_id contact_id action_id kind payload created_at")
    .where(outbox.c.delivered_at.is_(None), outbox.c.withdrawn_at.is_(None))
    .order_by(outbox.c.created_at, outbox.c.outbox_id)
    .limit(LIMIT)
)

MESSAGE = pick(
    outbox, "delivered_at withdrawn_at withdrawn_because decision_id contact_id action_id kind payload created_at"
).where(outbox.c.outbox_id == bindparam("outbox_id"))

WAITING_FOR = (
    pick(outbox, "outbox_id contact_id")
    .join(contacts, contacts.c.contact_id == outbox.c.contact_id)
    .where(
        contacts.c.customer_id == OF_WHOM,
        contacts.c.message_class == bindparam("message_class"),
        outbox.c.delivered_at.is_(None),
        outbox.c.withdrawn_at.is_(None),
    )
    .order_by(outbox.c.outbox_id)
)

WITHDRAW = (
    update(outbox)
    .where(outbox.c.outbox_id == bindparam("message"))
    .values(withdrawn_at=bindparam("at"), withdrawn_because=bindparam("because"))
)

DELIVER = update(outbox).where(outbox.c.outbox_id == bindparam("message")).values(delivered_at=bindparam("at"))
