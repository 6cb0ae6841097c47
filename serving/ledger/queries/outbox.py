"""Messages for the executor."""

from sqlalchemy import bindparam, insert, null, update

from heed.serving.ledger.queries.parts import OF_WHOM, pick
from heed.serving.ledger.tables.happenings import contacts
from heed.serving.ledger.tables.sending import outbox

ADD_OUTBOX = insert(outbox)

MESSAGE = pick(outbox, "contact_id delivered_at withdrawn_at").where(outbox.c.outbox_id == bindparam("outbox_id"))

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
    .values(withdrawn_at=bindparam("at"), withdrawn_because=bindparam("because"), holder=null())
)

DELIVER = (
    update(outbox).where(outbox.c.outbox_id == bindparam("message")).values(delivered_at=bindparam("at"), holder=null())
)
