"""Decisions and their receipts."""

from sqlalchemy import bindparam, desc, insert, select, tuple_

from heed.serving.ledger.queries.keys import KEYS_OF_PERSON
from heed.serving.ledger.queries.parts import LIMIT, SINCE, pick
from heed.serving.ledger.tables.decided import decisions, reviews
from heed.serving.ledger.tables.happenings import contacts
from heed.serving.ledger.tables.secrets import data_keys

STORED = pick(decisions, "fingerprint decision_id answer").where(
    decisions.c.client == bindparam("client"), decisions.c.idempotency_key == bindparam("idempotency_key")
)

ADD_DECISION = insert(decisions)

_RECORDED = select(
    decisions.c.decision_id,
    decisions.c.at,
    decisions.c.client,
    decisions.c.idempotency_key,
    data_keys.c.customer_id,
    decisions.c.disposition,
    decisions.c.action_id,
    decisions.c.proposed_action_id,
    decisions.c.model_version,
    decisions.c.policy_hash,
    decisions.c.answer,
    contacts.c.state,
    reviews.c.review_id,
).select_from(
    decisions.outerjoin(data_keys, data_keys.c.key_id == decisions.c.key_id)
    .outerjoin(contacts, contacts.c.decision_id == decisions.c.decision_id)
    .outerjoin(reviews, reviews.c.decision_id == decisions.c.decision_id)
)

NEWEST = (desc(decisions.c.at), desc(decisions.c.decision_id))

_OLDER = tuple_(decisions.c.at, decisions.c.decision_id) < tuple_(bindparam("before_at"), bindparam("before_id"))

OF_CUSTOMER = decisions.c.key_id.in_(KEYS_OF_PERSON)

DECISION = _RECORDED.where(decisions.c.decision_id == bindparam("decision_id"))

RECEIPT_OF = select(decisions.c.receipt).where(decisions.c.decision_id == bindparam("decision_id"))

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
