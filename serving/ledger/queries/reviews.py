"""Review cases and what happened to them."""

from sqlalchemy import and_, asc, bindparam, desc, func, insert, or_, select, update

from heed.serving.ledger.queries.parts import LIMIT, NOW, OF_WHOM, pick
from heed.serving.ledger.tables.decided import review_events, reviews

_CASE = pick(
    reviews,
    "review_id decision_id customer_id state proposed_action_id opened_at expires_at claimed_by claim_expires_at fence "
    "resolved_at resolved_by resolution_action_id note shortfall",
)

_UNSETTLED = or_(reviews.c.state == "open", reviews.c.state == "claimed")

_LIVE = and_(reviews.c.state == "claimed", reviews.c.claim_expires_at > NOW)

_LAPSED = and_(reviews.c.state == "claimed", reviews.c.claim_expires_at <= NOW)

_OLDEST = (asc(reviews.c.opened_at), asc(reviews.c.review_id))

CASE = _CASE.where(reviews.c.review_id == bindparam("review_id"))

# A claim that ran out puts its case back, and an unsettled case past its time has expired, written down or not.
_OPEN = _CASE.where(or_(reviews.c.state == "open", _LAPSED), reviews.c.expires_at > NOW)

OPEN_CASES = _OPEN.order_by(*_OLDEST).limit(LIMIT)

# What is unknown comes last, whatever a database makes of nulls.
COSTLIEST_OPEN_CASES = _OPEN.order_by(
    reviews.c.shortfall.is_(None), desc(reviews.c.shortfall), asc(reviews.c.review_id)
).limit(LIMIT)

CLAIMED_CASES = _CASE.where(_LIVE, reviews.c.expires_at > NOW).order_by(*_OLDEST).limit(LIMIT)

EXPIRED_CASES = (
    _CASE.where(or_(reviews.c.state == "expired", and_(_UNSETTLED, reviews.c.expires_at <= NOW)))
    .order_by(*_OLDEST)
    .limit(LIMIT)
)

SETTLED_CASES = _CASE.where(reviews.c.state == bindparam("state")).order_by(*_OLDEST).limit(LIMIT)

OVERDUE_CASES = _CASE.where(_UNSETTLED, reviews.c.expires_at <= NOW).order_by(*_OLDEST)

UNSETTLED_OF = _CASE.where(_UNSETTLED, reviews.c.customer_id == OF_WHOM).order_by(*_OLDEST)

CASES_OF = _CASE.where(reviews.c.customer_id == OF_WHOM).order_by(*_OLDEST)

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
    pick(review_events, "number at event actor detail")
    .where(review_events.c.review_id == bindparam("review_id"))
    .order_by(review_events.c.number)
)
