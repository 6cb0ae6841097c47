"""What is watched from outside: how long the queue of reviews is, and whether probabilities come true."""

from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, case, cast, exists, func, insert, or_, select

from heed.serving.ledger.queries.parts import NOW
from heed.serving.ledger.tables.decided import forecasts, reviews
from heed.serving.ledger.tables.happenings import contacts, outcomes

_UNSETTLED = or_(reviews.c.state == "open", reviews.c.state == "claimed")
_COUNTED: Any = select(func.count().label("length"), func.min(reviews.c.opened_at))
REVIEW_QUEUE: Select[Any] = _COUNTED.where(_UNSETTLED, reviews.c.expires_at > NOW)

ADD_FORECAST = insert(forecasts)

# An outcome counts for the decision that it names, within its window. Slots that were freed were no contact.
_CAME = exists().where(
    outcomes.c.decision_id == forecasts.c.decision_id,
    outcomes.c.type == forecasts.c.outcome,
    outcomes.c.at >= forecasts.c.at,
    outcomes.c.at < forecasts.c.until,
)
_MADE = forecasts.join(
    contacts, and_(contacts.c.decision_id == forecasts.c.decision_id, contacts.c.state != "released")
)
COME_TRUE: Select[Any] = (
    select(
        forecasts.c.bin,
        func.count(),
        func.sum(forecasts.c.propensity),
        cast(func.sum(case((_CAME, 1), else_=0)), Integer),
    )
    .select_from(_MADE)
    .where(forecasts.c.until > bindparam("since"), forecasts.c.until <= NOW)
    .group_by(forecasts.c.bin)
    .order_by(forecasts.c.bin)
)
