"""What is deleted, and what is left without a name, when a customer is erased."""

from sqlalchemy import BindParameter, bindparam, delete, func, insert, null, select, update

from heed.serving.ledger.queries.parts import OF_WHOM, pick
from heed.serving.ledger.tables.decided import reviews
from heed.serving.ledger.tables.happenings import contacts, last_signals, outcomes, signals
from heed.serving.ledger.tables.people import consents, contact_points, customers, suppressions
from heed.serving.ledger.tables.secrets import data_keys, erasures
from heed.serving.ledger.tables.sending import outbox

ALIASES = select(customers.c.customer_id).where(customers.c.merged_into == OF_WHOM).order_by(customers.c.customer_id)

CONSENTED_POINTS_OF = pick(consents, "consent_id contact_point").where(
    consents.c.customer_id == OF_WHOM, consents.c.contact_point.is_not(None)
)

HAS_KEY = select(data_keys.c.key_id).where(data_keys.c.customer_id == OF_WHOM)

ADD_ERASURE = insert(erasures)

LAST_ERASURE = select(func.max(erasures.c.erased_at), func.max(erasures.c.version)).where(
    erasures.c.subject == bindparam("subject")
)

_OLD: BindParameter[str] = bindparam("old")

_NEW: BindParameter[str] = bindparam("new")

BLANK_CASES = update(reviews).where(reviews.c.customer_id == _OLD).values(customer_id=_NEW, note=null())

MESSAGES_OF = (
    pick(outbox, "outbox_id contact_id delivered_at withdrawn_at")
    .join(contacts, contacts.c.contact_id == outbox.c.contact_id)
    .where(contacts.c.customer_id == OF_WHOM)
    .order_by(outbox.c.outbox_id)
)

BLANK_MESSAGE = update(outbox).where(outbox.c.outbox_id == bindparam("message")).values(payload="")

BLANK_REASON = (
    update(outbox)
    .where(outbox.c.outbox_id == bindparam("message"), outbox.c.withdrawn_at.is_not(None))
    .values(withdrawn_because=bindparam("because"))
)

# Slots stay, since budgets and the record of what was done rest on them; contacts by other tools go.
BLANK_SLOTS = (
    update(contacts)
    .where(contacts.c.customer_id == _OLD, contacts.c.decision_id.is_not(None))
    .values(customer_id=_NEW, report_id=null(), source=null())
)

FORGOTTEN = (
    delete(contacts).where(contacts.c.customer_id == OF_WHOM, contacts.c.decision_id.is_(None)),
    *[
        delete(table).where(table.c.customer_id == OF_WHOM)
        for table in (contact_points, last_signals, signals, consents, suppressions, outcomes, data_keys, customers)
    ],
)
