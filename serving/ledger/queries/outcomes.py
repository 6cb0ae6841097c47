"""Outcomes, and what they name: the contact by its own id or by the executor's, or the slot of a decision."""

from sqlalchemy import String, bindparam, cast, func, insert, null, or_, select, union_all

from heed.serving.ledger.queries.parts import OF_WHOM, SINCE, pick
from heed.serving.ledger.tables.decided import decisions
from heed.serving.ledger.tables.happenings import contacts, outcomes
from heed.serving.ledger.tables.secrets import data_keys

# What an outcome is joined to: the contact that it names by its own id or by the executor's, or the slot of a decision.
_JOINED = [
    select(contacts.c.action_id).where(column == named).scalar_subquery()
    for column, named in (
        (contacts.c.contact_id, outcomes.c.contact_id),
        (contacts.c.report_id, outcomes.c.contact_id),
        (contacts.c.decision_id, outcomes.c.decision_id),
    )
]

_RECENT = select(
    outcomes.c.type, outcomes.c.at, func.coalesce(*_JOINED).label("action_id"), outcomes.c.outcome_id
).where(outcomes.c.customer_id == OF_WHOM, outcomes.c.at >= SINCE)

# A complaint that nobody has closed is open however old it is, so the last of each type is never forgotten.
_LAST_BEFORE = (
    select(outcomes.c.type, func.max(outcomes.c.at).label("at"), cast(null(), String), cast(null(), String))
    .where(outcomes.c.customer_id == OF_WHOM, outcomes.c.at < SINCE)
    .group_by(outcomes.c.type)
)

_ALL = union_all(_RECENT, _LAST_BEFORE).subquery()

HAPPENINGS = select(_ALL.c.type, _ALL.c.at, _ALL.c.action_id).order_by(_ALL.c.at, _ALL.c.outcome_id, _ALL.c.type)

OUTCOME_BY_ID = pick(outcomes, "customer_id type at decision_id contact_id value").where(
    outcomes.c.outcome_id == bindparam("id")
)

ADD_OUTCOME = insert(outcomes)

NAMED_CONTACT = pick(contacts, "customer_id channel purpose").where(
    or_(contacts.c.contact_id == bindparam("contact_id"), contacts.c.report_id == bindparam("contact_id"))
)

NAMED_SLOT = pick(contacts, "customer_id channel purpose").where(contacts.c.decision_id == bindparam("decision_id"))

# None for the decision about a customer who was erased.
CUSTOMER_OF_DECISION = (
    select(data_keys.c.customer_id)
    .join(decisions, decisions.c.key_id == data_keys.c.key_id)
    .where(decisions.c.decision_id == bindparam("decision_id"))
)
