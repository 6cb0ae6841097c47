"""One customer's history, newest first: the time, the id, then what the entry says."""

from sqlalchemy import bindparam, desc

from heed.serving.ledger.queries.decisions import NEWEST, OF_CUSTOMER
from heed.serving.ledger.queries.parts import LIMIT, OF_WHOM, pick
from heed.serving.ledger.tables.decided import decisions, reviews
from heed.serving.ledger.tables.happenings import contacts, outcomes, signals
from heed.serving.ledger.tables.people import consents, objections, objectors, suppressions

SIGNAL_ENTRIES = (
    pick(signals, "at signal_id entry")
    .where(signals.c.customer_id == OF_WHOM)
    .order_by(desc(signals.c.at), desc(signals.c.signal_id))
    .limit(LIMIT)
)

CONTACT_ENTRIES = (
    pick(contacts, "at contact_id action_id channel purpose category message_class state decision_id source")
    .where(contacts.c.customer_id == OF_WHOM)
    .order_by(desc(contacts.c.at), desc(contacts.c.contact_id))
    .limit(LIMIT)
)

CONSENT_ENTRIES = (
    pick(consents, "recorded_at consent_id channel purpose status contact_point basis topic")
    .where(consents.c.customer_id == OF_WHOM, consents.c.retired_at.is_(None))
    .order_by(desc(consents.c.recorded_at), desc(consents.c.consent_id))
    .limit(LIMIT)
)

SUPPRESSION_ENTRIES = (
    pick(suppressions, "recorded_at suppression_id reason channel")
    .where(suppressions.c.customer_id == OF_WHOM)
    .order_by(desc(suppressions.c.recorded_at), desc(suppressions.c.suppression_id))
    .limit(LIMIT)
)

OBJECTION_ENTRIES = (
    pick(objections, "recorded_at objection_id")
    .join(objectors, objectors.c.objection_id == objections.c.objection_id)
    .where(objectors.c.customer == bindparam("subject"))
    .order_by(desc(objections.c.recorded_at), desc(objections.c.objection_id))
    .limit(LIMIT)
)

OUTCOME_ENTRIES = (
    pick(outcomes, "at outcome_id type decision_id contact_id value")
    .where(outcomes.c.customer_id == OF_WHOM)
    .order_by(desc(outcomes.c.at), desc(outcomes.c.outcome_id))
    .limit(LIMIT)
)

DECISION_ENTRIES = (
    pick(decisions, "at decision_id disposition action_id proposed_action_id")
    .where(OF_CUSTOMER)
    .order_by(*NEWEST)
    .limit(LIMIT)
)

REVIEW_ENTRIES = (
    pick(reviews, "opened_at review_id state decision_id proposed_action_id resolved_by resolution_action_id")
    .where(reviews.c.customer_id == OF_WHOM)
    .order_by(desc(reviews.c.opened_at), desc(reviews.c.review_id))
    .limit(LIMIT)
)
