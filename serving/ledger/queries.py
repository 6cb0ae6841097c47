"""Every statement of the ledger, by name. Values are bound by name; none is ever pasted into the text."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Select,
    Table,
    and_,
    asc,
    bindparam,
    delete,
    desc,
    func,
    insert,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from serving.ledger.tables import (
    consents,
    contact_points,
    contacts,
    customers,
    decisions,
    objections,
    objectors,
    outbox,
    outcomes,
    review_events,
    reviews,
    rule_counts,
    signals,
    suppressions,
    volumes,
)

_CUSTOMER: BindParameter[str] = bindparam("customer_id")
_LIMIT: BindParameter[int] = bindparam("limit")
_SINCE: BindParameter[int] = bindparam("since")
_NOW: BindParameter[int] = bindparam("now")


def _pick(table: Table, columns: str) -> Select[Any]:
    return select(*[table.c[name] for name in columns.split()])


# --- What is known of one customer: columns in the order of the fields of the vocabulary.

CUSTOMER = _pick(customers, "version attributes time_zone jurisdiction identity reported_at merged_into").where(
    customers.c.customer_id == _CUSTOMER
)
MERGED_INTO = select(customers.c.merged_into).where(customers.c.customer_id == _CUSTOMER)

VERSION = select(customers.c.version).where(customers.c.customer_id == _CUSTOMER)

CONTACT_POINTS = (
    _pick(contact_points, "contact_point channel time_zones")
    .where(contact_points.c.customer_id == _CUSTOMER)
    .order_by(contact_points.c.position)
)

CONSENTS = (
    _pick(consents, "channel purpose status recorded_at contact_point basis expires_at topic")
    .where(consents.c.customer_id == _CUSTOMER, consents.c.retired_at.is_(None))
    .order_by(consents.c.recorded_at, consents.c.consent_id)
)

SUPPRESSIONS = (
    _pick(suppressions, "reason recorded_at channel until")
    .where(suppressions.c.customer_id == _CUSTOMER)
    .order_by(suppressions.c.recorded_at, suppressions.c.suppression_id)
)

# The latest ones, newest first, since a bound must drop the oldest; as one string, since fetching row by row costs more
# than all else that a decision reads.
_LATEST_SIGNALS = (
    select(signals.c.entry)
    .where(signals.c.customer_id == _CUSTOMER, signals.c.at >= _SINCE)
    .order_by(desc(signals.c.at), desc(signals.c.signal_id))
    .limit(_LIMIT)
    .subquery()
)
# A literal, because a bound separator is only written into the text when SQLAlchemy itself runs the statement.
_COMMA: Any = literal_column("','")
SIGNALS = select(func.aggregate_strings(_LATEST_SIGNALS.c.entry, _COMMA))

# No upper bound on the time and no bound on the number: a cap counts every contact of its window.
CONTACTS = (
    _pick(contacts, "action_id channel purpose category at message_class state")
    .where(contacts.c.customer_id == _CUSTOMER, contacts.c.at >= _SINCE)
    .order_by(contacts.c.at, contacts.c.contact_id)
)

# What an outcome is joined to: the contact that it names by its own id or by the executor's, or the slot of a decision.
_JOINED = [
    select(contacts.c.action_id).where(column == named).scalar_subquery()
    for column, named in (
        (contacts.c.contact_id, outcomes.c.contact_id),
        (contacts.c.report_id, outcomes.c.contact_id),
        (contacts.c.decision_id, outcomes.c.decision_id),
    )
]
HAPPENINGS = (
    select(outcomes.c.type, outcomes.c.at, func.coalesce(*_JOINED).label("action_id"))
    .where(outcomes.c.customer_id == _CUSTOMER, outcomes.c.at >= _SINCE)
    .order_by(outcomes.c.at, outcomes.c.outcome_id)
)

OBJECTIONS = (
    _pick(objections, "recorded_at contact_point")
    .join(objectors, objectors.c.objection_id == objections.c.objection_id)
    .where(objectors.c.customer == bindparam("subject"))
    .order_by(objections.c.recorded_at, objections.c.objection_id)
)

# --- Facts in.

ADD_CUSTOMER = insert(customers)

RAISE_VERSION = update(customers).where(customers.c.customer_id == _CUSTOMER).values(version=customers.c.version + 1)

CHANGE_CUSTOMER = (
    update(customers)
    .where(customers.c.customer_id == _CUSTOMER)
    .values(
        attributes=bindparam("attributes"),
        time_zone=bindparam("time_zone"),
        jurisdiction=bindparam("jurisdiction"),
        identity=bindparam("identity"),
    )
)
REPORTED = update(customers).where(customers.c.customer_id == _CUSTOMER).values(reported_at=bindparam("at"))

DROP_CONTACT_POINTS = delete(contact_points).where(contact_points.c.customer_id == _CUSTOMER)
ADD_CONTACT_POINT = insert(contact_points)

SUPPRESSION_BY_ID = select(suppressions.c.suppression_id).where(
    suppressions.c.suppression_id == bindparam("suppression_id")
)
ADD_SUPPRESSION = insert(suppressions)

CONSENT_BY_ID = _pick(
    consents, "customer_id channel purpose status recorded_at contact_point basis expires_at topic"
).where(consents.c.consent_id == bindparam("id"))
ADD_CONSENT = insert(consents)

SIGNAL_BY_ID = _pick(signals, "customer_id type at channel certainty value entry").where(
    signals.c.signal_id == bindparam("id")
)
ADD_SIGNAL = insert(signals)

CONTACT_BY_ID = _pick(
    contacts, "customer_id action_id channel purpose category message_class state at decision_id report_id source"
).where(contacts.c.contact_id == bindparam("id"))
ADD_CONTACT = insert(contacts)

OUTCOME_BY_ID = _pick(outcomes, "customer_id type at decision_id contact_id value").where(
    outcomes.c.outcome_id == bindparam("id")
)
ADD_OUTCOME = insert(outcomes)

OBJECTION_BY_ID = _pick(objections, "customer contact_point recorded_at").where(
    objections.c.objection_id == bindparam("id")
)
ADD_OBJECTION = insert(objections)
OBJECTIONS_OF_POINT = select(objections.c.objection_id).where(objections.c.contact_point == bindparam("subject"))
OBJECTIONS_OF_CUSTOMER = select(objectors.c.objection_id).where(objectors.c.customer == bindparam("subject"))
OBJECTOR = _pick(objectors, "customer objection_id").where(
    objectors.c.customer == bindparam("subject"), objectors.c.objection_id == bindparam("objection_id")
)
ADD_OBJECTOR = insert(objectors)
HOLDERS = (
    select(contact_points.c.customer_id).where(contact_points.c.contact_point == bindparam("contact_point")).distinct()
)

# --- Merging customers.

STATEMENTS = (
    _pick(consents, "consent_id channel purpose status recorded_at contact_point basis expires_at topic")
    .where(consents.c.customer_id == _CUSTOMER, consents.c.retired_at.is_(None))
    .order_by(consents.c.consent_id)
)
RETIRE = update(consents).where(consents.c.consent_id == bindparam("statement")).values(retired_at=bindparam("at"))
# What moves as it is. Consents and suppressions are said anew, since their ids tell whose they were.
MOVED = tuple(
    update(table).where(table.c.customer_id == bindparam("old")).values(customer_id=bindparam("new"))
    for table in (signals, contacts, outcomes, reviews)
)
MERGED = update(customers).where(customers.c.customer_id == bindparam("old")).values(merged_into=bindparam("new"))
MERGED_BEFORE = (
    update(customers).where(customers.c.merged_into == bindparam("old")).values(merged_into=bindparam("new"))
)
FRESH_SINCE = update(customers).where(customers.c.customer_id == bindparam("new")).values(reported_at=bindparam("at"))
CUSTOMER_IDS = (
    select(customers.c.customer_id).where(customers.c.merged_into.is_(None)).order_by(customers.c.customer_id)
)
CONSENTED_POINTS = select(consents.c.contact_point).where(consents.c.contact_point.is_not(None)).distinct()
RESPELL_CONSENTS = (
    update(consents).where(consents.c.contact_point == bindparam("old")).values(contact_point=bindparam("new"))
)

SLOT_OF_DECISION = _pick(contacts, "contact_id customer_id state at action_id cost").where(
    contacts.c.decision_id == bindparam("decision_id")
)

SLOT_BY_REPORT = select(contacts.c.decision_id).where(contacts.c.report_id == bindparam("report_id"))

SETTLE_SLOT = (
    update(contacts)
    .where(contacts.c.decision_id == bindparam("decision"))
    .values(state=bindparam("state"), at=bindparam("at"), report_id=bindparam("report_id"))
)

SLOT = _pick(contacts, "customer_id action_id state at cost").where(contacts.c.contact_id == bindparam("contact_id"))
RELEASE_SLOT = update(contacts).where(contacts.c.contact_id == bindparam("slot")).values(state="released")

# --- Volumes: what all customers were contacted with, per action and stretch of time.

RAISE_VOLUME = (
    update(volumes)
    .where(
        volumes.c.span == bindparam("length"),
        volumes.c.start == bindparam("begin"),
        volumes.c.action_id == bindparam("action"),
    )
    .values(contacts=volumes.c.contacts + bindparam("by"), spent=volumes.c.spent + bindparam("costs"))
)
ADD_VOLUME = insert(volumes)
_BEGIN: BindParameter[int] = bindparam("begin", type_=BigInteger)
_PIECE = ((volumes.c.start - _BEGIN) // bindparam("width", type_=BigInteger)).label("piece")
VOLUMES = (
    select(volumes.c.action_id, _PIECE, func.sum(volumes.c.contacts), func.sum(volumes.c.spent))
    .where(volumes.c.span == bindparam("length"), volumes.c.start >= _BEGIN, volumes.c.start < bindparam("end"))
    .where(volumes.c.contacts > 0)
    .group_by(volumes.c.action_id, _PIECE)
    .order_by(volumes.c.action_id, _PIECE)
)

# --- What an outcome names: the contact by its own id or by the executor's, or the slot of a decision.

NAMED_CONTACT = _pick(contacts, "customer_id channel purpose").where(
    or_(contacts.c.contact_id == bindparam("contact_id"), contacts.c.report_id == bindparam("contact_id"))
)
NAMED_SLOT = _pick(contacts, "customer_id channel purpose").where(contacts.c.decision_id == bindparam("decision_id"))
CUSTOMER_OF_DECISION = select(decisions.c.customer_id).where(decisions.c.decision_id == bindparam("decision_id"))

# --- Decisions.

STORED = _pick(decisions, "fingerprint decision_id answer").where(
    decisions.c.client == bindparam("client"), decisions.c.idempotency_key == bindparam("idempotency_key")
)
ADD_DECISION = insert(decisions)
ADD_OUTBOX = insert(outbox)

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
_NEWEST = (desc(decisions.c.at), desc(decisions.c.decision_id))
_OLDER = tuple_(decisions.c.at, decisions.c.decision_id) < tuple_(bindparam("before_at"), bindparam("before_id"))
# Decisions are never rewritten: those about a customer who was merged into this one still name that one.
_MERGED = select(customers.c.customer_id).where(customers.c.merged_into == _CUSTOMER)
_OF_CUSTOMER = or_(decisions.c.customer_id == _CUSTOMER, decisions.c.customer_id.in_(_MERGED))

DECISION = _RECORDED.where(decisions.c.decision_id == bindparam("decision_id"))
RECEIPT = select(decisions.c.receipt).where(decisions.c.decision_id == bindparam("decision_id"))
DECISIONS = _RECORDED.order_by(*_NEWEST).limit(_LIMIT)
DECISIONS_BEFORE = _RECORDED.where(_OLDER).order_by(*_NEWEST).limit(_LIMIT)
DECISIONS_OF = _RECORDED.where(_OF_CUSTOMER).order_by(*_NEWEST).limit(_LIMIT)
DECISIONS_OF_BEFORE = _RECORDED.where(_OF_CUSTOMER, _OLDER).order_by(*_NEWEST).limit(_LIMIT)

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
    .where(decisions.c.at >= _SINCE)
    .order_by(*_NEWEST)
    .limit(_LIMIT)
)

# --- Reviews.

_CASE = _pick(
    reviews,
    "review_id decision_id customer_id state proposed_action_id opened_at expires_at claimed_by claim_expires_at fence "
    "resolved_at resolved_by resolution_action_id note",
)
_UNSETTLED = or_(reviews.c.state == "open", reviews.c.state == "claimed")
_LIVE = and_(reviews.c.state == "claimed", reviews.c.claim_expires_at > _NOW)
_LAPSED = and_(reviews.c.state == "claimed", reviews.c.claim_expires_at <= _NOW)
_OLDEST = (asc(reviews.c.opened_at), asc(reviews.c.review_id))

CASE = _CASE.where(reviews.c.review_id == bindparam("review_id"))
# A claim that ran out puts its case back, and an unsettled case past its time has expired, written down or not.
OPEN_CASES = (
    _CASE.where(or_(reviews.c.state == "open", _LAPSED), reviews.c.expires_at > _NOW).order_by(*_OLDEST).limit(_LIMIT)
)
CLAIMED_CASES = _CASE.where(_LIVE, reviews.c.expires_at > _NOW).order_by(*_OLDEST).limit(_LIMIT)
EXPIRED_CASES = (
    _CASE.where(or_(reviews.c.state == "expired", and_(_UNSETTLED, reviews.c.expires_at <= _NOW)))
    .order_by(*_OLDEST)
    .limit(_LIMIT)
)
SETTLED_CASES = _CASE.where(reviews.c.state == bindparam("state")).order_by(*_OLDEST).limit(_LIMIT)
OVERDUE_CASES = _CASE.where(_UNSETTLED, reviews.c.expires_at <= _NOW).order_by(*_OLDEST)

ADD_REVIEW = insert(reviews)
CHANGE_REVIEW = (
    update(reviews)
    .where(reviews.c.review_id == bindparam("review"))
    .values(
        state=bindparam("state"),
        claimed_by=bindparam("claimed_by"),
        claim_expires_at=bindparam("claim_expires_at"),
        fence=bindparam("fence"),
        resolved_at=bindparam("resolved_at"),
        resolved_by=bindparam("resolved_by"),
        resolution_action_id=bindparam("resolution_action_id"),
        note=bindparam("note"),
    )
)
LAST_EVENT = select(func.max(review_events.c.number)).where(review_events.c.review_id == bindparam("review_id"))
ADD_EVENT = insert(review_events)
EVENTS = (
    _pick(review_events, "number at event actor detail")
    .where(review_events.c.review_id == bindparam("review_id"))
    .order_by(review_events.c.number)
)

# --- What rules have said.

RULE_COUNTS = _pick(
    rule_counts,
    "rule evaluated suppressed reviewed errored observed fired_before fired_now decisions_now last_fired silent_since",
).order_by(rule_counts.c.rule)
DROP_RULE_COUNT = delete(rule_counts).where(rule_counts.c.rule == bindparam("rule"))
ADD_RULE_COUNT = insert(rule_counts)

# --- The outbox.

WAITING = (
    _pick(outbox, "outbox_id decision_id contact_id action_id kind payload created_at")
    .where(outbox.c.delivered_at.is_(None), outbox.c.withdrawn_at.is_(None))
    .order_by(outbox.c.created_at, outbox.c.outbox_id)
    .limit(_LIMIT)
)
MESSAGE = _pick(
    outbox, "delivered_at withdrawn_at withdrawn_because decision_id contact_id action_id kind payload created_at"
).where(outbox.c.outbox_id == bindparam("outbox_id"))
WAITING_FOR = (
    _pick(outbox, "outbox_id contact_id")
    .join(contacts, contacts.c.contact_id == outbox.c.contact_id)
    .where(
        contacts.c.customer_id == _CUSTOMER,
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

# --- One customer's history, newest first: the time, the id, then what the entry says.

SIGNAL_ENTRIES = (
    _pick(signals, "at signal_id type channel certainty value")
    .where(signals.c.customer_id == _CUSTOMER)
    .order_by(desc(signals.c.at), desc(signals.c.signal_id))
    .limit(_LIMIT)
)
CONTACT_ENTRIES = (
    _pick(contacts, "at contact_id action_id channel purpose category message_class state decision_id source")
    .where(contacts.c.customer_id == _CUSTOMER)
    .order_by(desc(contacts.c.at), desc(contacts.c.contact_id))
    .limit(_LIMIT)
)
CONSENT_ENTRIES = (
    _pick(consents, "recorded_at consent_id channel purpose status contact_point basis topic")
    .where(consents.c.customer_id == _CUSTOMER, consents.c.retired_at.is_(None))
    .order_by(desc(consents.c.recorded_at), desc(consents.c.consent_id))
    .limit(_LIMIT)
)
SUPPRESSION_ENTRIES = (
    _pick(suppressions, "recorded_at suppression_id reason channel")
    .where(suppressions.c.customer_id == _CUSTOMER)
    .order_by(desc(suppressions.c.recorded_at), desc(suppressions.c.suppression_id))
    .limit(_LIMIT)
)
OBJECTION_ENTRIES = (
    _pick(objections, "recorded_at objection_id")
    .join(objectors, objectors.c.objection_id == objections.c.objection_id)
    .where(objectors.c.customer == bindparam("subject"))
    .order_by(desc(objections.c.recorded_at), desc(objections.c.objection_id))
    .limit(_LIMIT)
)
OUTCOME_ENTRIES = (
    _pick(outcomes, "at outcome_id type decision_id contact_id value")
    .where(outcomes.c.customer_id == _CUSTOMER)
    .order_by(desc(outcomes.c.at), desc(outcomes.c.outcome_id))
    .limit(_LIMIT)
)
DECISION_ENTRIES = (
    _pick(decisions, "at decision_id disposition action_id proposed_action_id")
    .where(_OF_CUSTOMER)
    .order_by(*_NEWEST)
    .limit(_LIMIT)
)
REVIEW_ENTRIES = (
    _pick(reviews, "opened_at review_id state decision_id proposed_action_id resolved_by resolution_action_id")
    .where(reviews.c.customer_id == _CUSTOMER)
    .order_by(desc(reviews.c.opened_at), desc(reviews.c.review_id))
    .limit(_LIMIT)
)
