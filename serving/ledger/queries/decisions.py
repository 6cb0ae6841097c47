"""Decisions and their receipts."""

from sqlalchemy import bindparam, desc, insert, or_, select, tuple_

from serving.ledger.queries.parts import LIMIT, OF_WHOM, SINCE, pick
from serving.ledger.tables import contacts, customers, decisions, reviews

STORED = pick(decisions, "fingerprint decision_id answer").where(
    decisions.c.client == bindparam("client"), decisions.c.idempotency_key == bindparam("idempotency_key")
)

ADD_DECISION = insert(decisions)

_RECORDED = select(
    decisions.c.decision_id,
    decisions.c.at,
    decisions.c.client,
    decisions.c.idempotency_key,
    decisions.c.customer_id,
    decisions.c.disposition,
    decisions.c.action_id,
    decisions.c.proposed_action_id,
    decisions.c.model_version,
    decisions.c.policy_hash,
    decisions.c.answer,
    contacts.c.state,
    reviews.c.review_id,
).select_from(
    decisions.outerjoin(contacts, contacts.c.decision_id == decisions.c.decision_id).outerjoin(
        reviews, reviews.c.decision_id == decisions.c.decision_id
    )
)

NEWEST = (desc(decisions.c.at), desc(decisions.c.decision_id))

_OLDER = tuple_(decisions.c.at, decisions.c.decision_id) < tuple_(bindparam("before_at"), bindparam("before_id"))

# Decisions are never rewritten: those about a customer who was merged into this one still name that one.
_MERGED = select(customers.c.customer_id).where(customers.c.merged_into == OF_WHOM)

OF_CUSTOMER = or_(decisions.c.customer_id == OF_WHOM, decisions.c.customer_id.in_(_MERGED))

DECISION = _RECORDED.where(decisions.c.decision_id == bindparam("decision_id"))

RECEIPT = select(decisions.c.receipt).where(decisions.c.decision_id == bindparam("decision_id"))

DECISIONS = _RECORDED.order_by(*NEWEST).limit(LIMIT)

DECISIONS_BEFORE = _RECORDED.where(_OLDER).order_by(*NEWEST).limit(LIMIT)

DECISIONS_OF = _RECORDED.where(OF_CUSTOMER).order_by(*NEWEST).limit(LIMIT)

DECISIONS_OF_BEFORE = _RECORDED.where(OF_CUSTOMER, _OLDER).order_by(*NEWEST).limit(LIMIT)

RECORDED = (
    select(
        decisions.c.decision_id,
        decisions.c.at,
        decisions.c.disposition,
        decisions.c.action_id,
        contacts.c.action_id.label("contacted"),
        decisions.c.policy_hash,
        decisions.c.receipt,
    )
    .select_from(decisions.outerjoin(contacts, contacts.c.decision_id == decisions.c.decision_id))
    .where(decisions.c.at >= SINCE)
    .order_by(*NEWEST)
    .limit(LIMIT)
)

DECIDED_SINCE = select(decisions.c.decision_id).where(decisions.c.at >= SINCE).order_by(*NEWEST)
