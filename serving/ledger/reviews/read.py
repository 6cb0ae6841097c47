"""Reading review cases back."""

from datetime import datetime

from heed.decisioning.errors import InvalidInput
from heed.serving.ledger.backend.times import micros, moment
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.queries.reviews import (
    CLAIMED_CASES,
    COSTLIEST_OPEN_CASES,
    EVENTS,
    EXPIRED_CASES,
    OPEN_CASES,
    SETTLED_CASES,
)
from heed.serving.ledger.reviews.cases import ReviewCase, ReviewEvent, ReviewSort, ReviewState
from heed.serving.ledger.reviews.transitions import case_of, event_detail, find

_QUEUES = {
    ReviewState.OPEN: OPEN_CASES,
    ReviewState.CLAIMED: CLAIMED_CASES,
    ReviewState.EXPIRED: EXPIRED_CASES,
}


def reviews(
    transaction: Transaction, now: datetime, state: ReviewState, limit: int, order: ReviewSort
) -> tuple[ReviewCase, ...]:
    """Review cases that are in this state now, in this order.

    Raises
    ------
    InvalidInput
        If any but open cases are asked for in another order than the oldest first.
    """
    statement = _QUEUES.get(state, SETTLED_CASES)
    if order is ReviewSort.SHORTFALL:
        if state is not ReviewState.OPEN:
            remedy = "ask for `state=open`, or leave `order` out"
            raise InvalidInput("only open cases wait for their turn", field="order", value=order.value, remedy=remedy)
        statement = COSTLIEST_OPEN_CASES
    moment_or_state: dict[str, object] = {"now": micros(now)} if state in _QUEUES else {"state": state.value}
    rows = transaction.rows(statement, {**moment_or_state, "limit": limit})
    return tuple(case_of(transaction, row, now) for row in rows)


def review_events(transaction: Transaction, now: datetime, review_id: str) -> tuple[ReviewEvent, ...]:
    """What happened to a review case, in order.

    Raises
    ------
    NotFound
        If there is no such case.
    """
    case = find(transaction, now, review_id)
    rows = transaction.rows(EVENTS, {"review_id": review_id})
    return tuple(
        ReviewEvent(number, moment(at), event, actor, event_detail(transaction, case.decision_id, number, detail))
        for number, at, event, actor, detail in rows
    )
