"""Contacts made, and slots that decisions took."""

from sqlalchemy import bindparam, insert, select, update

from heed.serving.ledger.queries.parts import OF_WHOM, SINCE, pick
from heed.serving.ledger.tables.happenings import contacts

# No upper bound on the time and no bound on the number: a cap counts every contact of its window.
CONTACTS = (
    pick(contacts, "action_id channel purpose category at message_class state")
    .where(contacts.c.customer_id == OF_WHOM, contacts.c.at >= SINCE)
    .order_by(contacts.c.at, contacts.c.contact_id)
)

CONTACT_BY_ID = pick(
    contacts, "customer_id action_id channel purpose category message_class state at decision_id report_id source"
).where(contacts.c.contact_id == bindparam("id"))

ADD_CONTACT = insert(contacts)

SLOT_OF_DECISION = pick(contacts, "contact_id customer_id state at action_id cost").where(
    contacts.c.decision_id == bindparam("decision_id")
)

SLOT_BY_REPORT = select(contacts.c.decision_id).where(contacts.c.report_id == bindparam("report_id"))

SETTLE_SLOT = (
    update(contacts)
    .where(contacts.c.decision_id == bindparam("decision"))
    .values(state=bindparam("state"), at=bindparam("at"), report_id=bindparam("report_id"))
)

SLOT = pick(contacts, "customer_id action_id state at cost").where(contacts.c.contact_id == bindparam("contact_id"))

RELEASE_SLOT = update(contacts).where(contacts.c.contact_id == bindparam("slot")).values(state="released")
