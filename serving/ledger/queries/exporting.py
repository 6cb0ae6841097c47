"""Everything that names one customer."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, bindparam, select

from heed.serving.ledger.queries.decisions import OF_CUSTOMER
from heed.serving.ledger.queries.parts import OF_WHOM, pick
from heed.serving.ledger.tables.decided import decisions, review_events
from heed.serving.ledger.tables.happenings import contacts, outcomes, signals
from heed.serving.ledger.tables.people import consents, contact_points, customers, objections, objectors, suppressions
from heed.serving.ledger.tables.sending import outbox

ROWS_OF: Mapping[str, Select[Any]] = {
    table.name: select(table).where(table.c.customer_id == OF_WHOM).order_by(*table.primary_key.columns)
    for table in (customers, contact_points, consents, suppressions, signals, contacts, outcomes)
}

OBJECTIONS_OF = (
    pick(objections, "objection_id recorded_at received_at")
    .join(objectors, objectors.c.objection_id == objections.c.objection_id)
    .where(objectors.c.customer == bindparam("subject"))
    .order_by(objections.c.recorded_at, objections.c.objection_id)
)

DECISIONS_OF_PERSON = (
    pick(decisions, "decision_id at answer receipt")
    .where(OF_CUSTOMER)
    .order_by(decisions.c.at, decisions.c.decision_id)
)

EVENTS_OF_CASE = (
    pick(review_events, "number at event detail")
    .where(review_events.c.review_id == bindparam("review_id"))
    .order_by(review_events.c.number)
)

MESSAGES_OF_PERSON = (
    pick(outbox, "outbox_id decision_id action_id created_at delivered_at withdrawn_at payload")
    .join(contacts, contacts.c.contact_id == outbox.c.contact_id)
    .where(contacts.c.customer_id == OF_WHOM)
    .order_by(outbox.c.outbox_id)
)
