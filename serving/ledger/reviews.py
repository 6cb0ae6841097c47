"""Review cases: their queue and their life. Without a person's verdict a case ends in hold.

open ──claim──▶ claimed ──approve──▶ approved ┐
  ▲               │ ├─────override──▶ overridden ┴─▶ slot and message, in the same transaction
  └─release, lapse┘ ├─────reject────▶ rejected ┐
  └───────time──────┴───────────────▶ expired  ┴─▶ hold
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, asc, bindparam, desc, func, insert, null, or_, select, update

from heed.decisioning.customer import Contact, Facts
from heed.decisioning.errors import Conflict, InvalidInput, NotFound, Refused
from heed.decisioning.kill_switch import STOP_RULE
from heed.serving.ledger.backend.database import KILL_SWITCH, SHARED, VOLUMES
from heed.serving.ledger.backend.repository import reads_now, writes
from heed.serving.ledger.backend.times import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.encryption.data_keys import EVENT, NOTE, decrypt_text, get_or_create_key
from heed.serving.ledger.facts.contacts import take_slot
from heed.serving.ledger.facts.customers import customer_lock
from heed.serving.ledger.facts.snapshot import customer_snapshot
from heed.serving.ledger.facts.tombstones import erased_id
from heed.serving.ledger.facts.volumes import Windows, volumes_for
from heed.serving.ledger.operations.kill_switch import stop_for_approval
from heed.serving.ledger.schema import LIMIT, NOW, OF_WHOM, pick, review_events, reviews

LEASE = timedelta(minutes=15)

Allowed = Callable[[Facts], str | None]
"""Asked with fresh facts inside the transaction: None to go on, or the reason why a guardrail forbids it."""


class ReviewState(StrEnum):
    """Where a review case stands. The last four are final."""

    OPEN = "open"
    CLAIMED = "claimed"
    APPROVED = "approved"
    OVERRIDDEN = "overridden"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def settled(self) -> bool:
        """Whether nothing can change any more."""
        return self not in {ReviewState.OPEN, ReviewState.CLAIMED}


class ReviewSort(StrEnum):
    """In which order open cases are worked through."""

    OLDEST = "oldest"
    SHORTFALL = "shortfall"


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """A review case as it stands at the moment of reading.

    Attributes
    ----------
    fence : int
        Grows with each claim; a verdict names the fence of its claim, so that a claim that ran out cannot settle.
    resolution_action_id : str or None
        What a person decided to do; None for rejected and expired.
    shortfall : float or None
        What the proposal is expected to be worth less than the best, in the catalogue's currency; None in cases from
        before it was recorded.
    """

    review_id: str
    decision_id: str
    customer_id: str
    state: ReviewState
    proposed_action_id: str | None
    opened_at: datetime
    expires_at: datetime
    claimed_by: str | None
    claim_expires_at: datetime | None
    fence: int
    resolved_at: datetime | None
    resolved_by: str | None
    resolution_action_id: str | None
    note: str | None
    shortfall: float | None


@dataclass(frozen=True, slots=True)
class ReviewEvent:
    """One thing that happened to a review case."""

    number: int
    at: datetime
    event: str
    actor: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Execution:
    """What a person's verdict sets in motion: the slot to take and the message for the executor, where there is one.

    Attributes
    ----------
    windows : tuple of timedelta or None
        The windows in which volumes are counted for the guardrails; None where no rule asks for them.
    """

    reservation_id: str
    reservation: Contact
    outbox: str | None = None
    cost: float = 0.0
    windows: Windows | None = None


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review case to be opened with a decision, when it expires to hold, and what a person may save by it.

    Attributes
    ----------
    shortfall : float or None
        What the choice is expected to be worth less than the best, in the catalogue's currency; None if unknown.
    """

    review_id: str
    expires_at: datetime
    shortfall: float | None = None


_CASE = pick(
    reviews,
    "review_id decision_id customer_id state proposed_action_id opened_at expires_at claimed_by claim_expires_at fence "
    "resolved_at resolved_by resolution_action_id note shortfall",
)
_OLDEST_FIRST = (asc(reviews.c.opened_at), asc(reviews.c.review_id))
_UNSETTLED = or_(reviews.c.state == "open", reviews.c.state == "claimed")

# --- reading

_BY_ID = _CASE.where(reviews.c.review_id == bindparam("review_id"))


@reads_now()
def get_case(transaction: Transaction, now: datetime, review_id: str) -> ReviewCase:
    """The case of this id.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = transaction.row(_BY_ID, {"review_id": review_id})
    if row is None:
        raise NotFound("no such review case", field="review_id", value=review_id)
    return _case_from(transaction, row, now)


def _case_from(transaction: Transaction, row: Row, now: datetime) -> ReviewCase:
    """The case as it stands at `now`: what ran out has run out, whether or not that was written down yet."""
    case = ReviewCase(
        review_id=row[0],
        decision_id=row[1],
        customer_id=row[2],
        state=ReviewState(row[3]),
        proposed_action_id=row[4],
        opened_at=from_micros(row[5]),
        expires_at=from_micros(row[6]),
        claimed_by=row[7],
        claim_expires_at=from_micros_or_none(row[8]),
        fence=row[9],
        resolved_at=from_micros_or_none(row[10]),
        resolved_by=row[11],
        resolution_action_id=row[12],
        note=decrypt_text(transaction, row[1], NOTE, row[13]),
        shortfall=row[14],
    )
    if case.state.settled:
        return case
    if case.expires_at <= now:
        return replace(_as_unclaimed(case), state=ReviewState.EXPIRED, resolved_at=case.expires_at)
    lapsed = case.claim_expires_at is not None and case.claim_expires_at <= now
    return _as_unclaimed(case) if lapsed else case


_EVENTS = (
    pick(review_events, "number at event actor detail")
    .where(review_events.c.review_id == bindparam("review_id"))
    .order_by(review_events.c.number)
)


@reads_now()
def case_events(transaction: Transaction, now: datetime, review_id: str) -> tuple[ReviewEvent, ...]:
    """What happened to a review case, in order.

    Raises
    ------
    NotFound
        If there is no such case.
    """
    return events_of(transaction, get_case(transaction, now, review_id))


def events_of(transaction: Transaction, case: ReviewCase) -> tuple[ReviewEvent, ...]:
    """What happened to a case, in order; no detail where none was given, or the customer was erased."""
    return tuple(
        ReviewEvent(
            number,
            from_micros(at),
            event,
            actor,
            decrypt_text(transaction, case.decision_id, f"{EVENT} {number}", detail),
        )
        for number, at, event, actor, detail in transaction.rows(_EVENTS, {"review_id": case.review_id})
    )


_LIVE_CLAIM = and_(reviews.c.state == "claimed", reviews.c.claim_expires_at > NOW)
_LAPSED_CLAIM = and_(reviews.c.state == "claimed", reviews.c.claim_expires_at <= NOW)
# A claim that ran out puts its case back, and an unsettled case past its time has expired, written down or not.
_OPEN = _CASE.where(or_(reviews.c.state == "open", _LAPSED_CLAIM), reviews.c.expires_at > NOW)
# What is unknown comes last, whatever a database makes of nulls.
_COSTLIEST_FIRST = (reviews.c.shortfall.is_(None), desc(reviews.c.shortfall), asc(reviews.c.review_id))
_COSTLIEST_OPEN = _OPEN.order_by(*_COSTLIEST_FIRST).limit(LIMIT)
_QUEUES: dict[ReviewState, Select[Any]] = {
    ReviewState.OPEN: _OPEN.order_by(*_OLDEST_FIRST).limit(LIMIT),
    ReviewState.CLAIMED: _CASE.where(_LIVE_CLAIM, reviews.c.expires_at > NOW).order_by(*_OLDEST_FIRST).limit(LIMIT),
    ReviewState.EXPIRED: _CASE.where(or_(reviews.c.state == "expired", and_(_UNSETTLED, reviews.c.expires_at <= NOW)))
    .order_by(*_OLDEST_FIRST)
    .limit(LIMIT),
}
_SETTLED = _CASE.where(reviews.c.state == bindparam("state")).order_by(*_OLDEST_FIRST).limit(LIMIT)


@reads_now()
def list_cases(
    transaction: Transaction,
    now: datetime,
    state: ReviewState = ReviewState.OPEN,
    *,
    limit: int = 50,
    order: ReviewSort = ReviewSort.OLDEST,
) -> tuple[ReviewCase, ...]:
    """Cases in a state, oldest first; or the open ones in which a person is expected to save most.

    Raises
    ------
    InvalidInput
        If any but open cases are asked for in another order than the oldest first.
    """
    statement = _QUEUES.get(state, _SETTLED)
    if order is ReviewSort.SHORTFALL:
        if state is not ReviewState.OPEN:
            remedy = "ask for `state=open`, or leave `order` out"
            raise InvalidInput("only open cases wait for their turn", field="order", value=order.value, remedy=remedy)
        statement = _COSTLIEST_OPEN
    values: dict[str, object] = {"now": to_micros(now)} if state in _QUEUES else {"state": state.value}
    rows = transaction.rows(statement, {**values, "limit": limit})
    return tuple(_case_from(transaction, row, now) for row in rows)


@dataclass(frozen=True, slots=True)
class ReviewBacklog:
    """The queue of reviews: how many wait for a person, and since when the oldest does."""

    length: int
    oldest: datetime | None


_COUNTED: Any = select(func.count().label("length"), func.min(reviews.c.opened_at))
_BACKLOG: Select[Any] = _COUNTED.where(_UNSETTLED, reviews.c.expires_at > NOW)


@reads_now()
def review_backlog(transaction: Transaction, now: datetime) -> ReviewBacklog:
    """How many cases wait for a person now."""
    length, oldest = transaction.rows(_BACKLOG, {"now": to_micros(now)})[0]
    return ReviewBacklog(length, from_micros_or_none(oldest))


# --- opening, claiming

_ADD = insert(reviews)
_ADD_EVENT = insert(review_events)


def open_case(
    transaction: Transaction,
    now: datetime,
    review: NewReview,
    *,
    decision_id: str,
    customer_id: str,
    proposed_action_id: str | None,
) -> None:
    """Open a case for a decision."""
    unset = ("claimed_by", "claim_expires_at", "resolved_at", "resolved_by", "resolution_action_id", "note")
    values = {
        "review_id": review.review_id,
        "decision_id": decision_id,
        "customer_id": customer_id,
        "state": "open",
        "proposed_action_id": proposed_action_id,
        "opened_at": to_micros(now),
        "expires_at": to_micros(review.expires_at),
        "fence": 0,
        "shortfall": review.shortfall,
        **dict.fromkeys(unset),
    }
    transaction.defer(_ADD, values)
    event = {"review_id": review.review_id, "number": 1, "at": to_micros(now), "event": "opened"}
    transaction.defer(_ADD_EVENT, {**event, "actor": None, "detail": None})


def _case_locks(transaction: Transaction, review_id: str, *_: object, **__: object) -> Iterator[str]:
    """The customer of the case, and the kill switch."""
    row = transaction.row(_BY_ID, {"review_id": review_id})
    if row is not None:
        yield customer_lock(row[2])
    yield f"{SHARED}{KILL_SWITCH}"


@writes(locks=_case_locks)
def claim_case(
    transaction: Transaction, now: datetime, review_id: str, reviewer: str, *, lease: timedelta = LEASE
) -> ReviewCase:
    """Take an open case, or prolong one's own claim; the fence that it returns is needed for the verdict.

    Raises
    ------
    Conflict
        If it is settled, expired, or claimed by another.
    """
    case = _require_unsettled(get_case(transaction, now, review_id))
    if case.state is ReviewState.CLAIMED and case.claimed_by != reviewer:
        remedy = "take another case, or wait until the claim runs out"
        raise Conflict("another reviewer has claimed the case", field="review_id", value=review_id, remedy=remedy)
    claimed = replace(
        case, state=ReviewState.CLAIMED, claimed_by=reviewer, claim_expires_at=now + lease, fence=case.fence + 1
    )
    return _write(transaction, now, claimed, "claimed", reviewer)


@writes(locks=_case_locks)
def release_case(transaction: Transaction, now: datetime, review_id: str, reviewer: str, fence: int) -> ReviewCase:
    """Put one's claimed case back into the queue."""
    case = _require_claim(get_case(transaction, now, review_id), reviewer, fence)
    return _write(transaction, now, _as_unclaimed(case), "released", reviewer)


# --- settling


@writes(locks=_case_locks)
def reject_case(
    transaction: Transaction, now: datetime, review_id: str, reviewer: str, fence: int, *, note: str | None = None
) -> ReviewCase:
    """End a case in hold."""
    case = _require_claim(get_case(transaction, now, review_id), reviewer, fence)
    settled = _as_settled(case, ReviewState.REJECTED, now, reviewer, None, note)
    return _write(transaction, now, settled, "rejected", reviewer, note)


def _execution_locks(
    transaction: Transaction, review_id: str, *_: object, execution: Execution, **__: object
) -> Iterator[str]:
    """The same, and what all customers share where volumes are counted."""
    yield from _case_locks(transaction, review_id)
    if execution.windows is not None:
        yield VOLUMES


@writes(locks=_execution_locks)
def approve_case(
    transaction: Transaction,
    now: datetime,
    review_id: str,
    reviewer: str,
    fence: int,
    *,
    execution: Execution,
    allowed: Allowed,
    note: str | None = None,
) -> ReviewCase | Refused:
    """Set the proposed action in motion, if guardrails allow it at this moment."""
    transaction.require_clock(now)
    case = _require_claim(get_case(transaction, now, review_id), reviewer, fence)
    action_id = execution.reservation.action_id
    if action_id != case.proposed_action_id:
        raise InvalidInput(
            "an approval is of the proposed action", field="action_id", value=action_id, remedy="override"
        )
    return _execute(transaction, now, case, ReviewState.APPROVED, reviewer, execution, allowed, note)


@writes(locks=_execution_locks)
def override_case(
    transaction: Transaction,
    now: datetime,
    review_id: str,
    reviewer: str,
    fence: int,
    *,
    execution: Execution,
    allowed: Allowed,
    note: str | None = None,
) -> ReviewCase | Refused:
    """Set another action in motion, if guardrails allow it at this moment."""
    transaction.require_clock(now)
    case = _require_claim(get_case(transaction, now, review_id), reviewer, fence)
    return _execute(transaction, now, case, ReviewState.OVERRIDDEN, reviewer, execution, allowed, note)


def _execute(
    transaction: Transaction,
    now: datetime,
    case: ReviewCase,
    verdict: ReviewState,
    reviewer: str,
    execution: Execution,
    allowed: Allowed,
    note: str | None,
) -> ReviewCase | Refused:
    """Check once more with fresh facts, then take the slot and settle the case; a refusal leaves it claimed."""
    action_id = execution.reservation.action_id
    stop = stop_for_approval(transaction, execution.reservation)
    found = customer_snapshot(transaction, now, case.customer_id)
    facts = Facts(found.customer, now, volumes=volumes_for(transaction, now, execution.windows))
    reason = allowed(facts) if stop is None else f"rule `{STOP_RULE}`: {stop.sentence}"
    if reason is not None:
        _write(transaction, now, case, "refused", reviewer, f"{action_id}: {reason}")
        remedy = "reject the case, or override with an action that is admissible"
        return Refused(reason, field="action_id", value=action_id, remedy=remedy)
    take_slot(
        transaction,
        now,
        decision_id=case.decision_id,
        customer_id=case.customer_id,
        contact_id=execution.reservation_id,
        contact=execution.reservation,
        cost=execution.cost,
        message=execution.outbox,
        key=get_or_create_key(transaction, now, case.customer_id),
        new_customer=not found.exists,
        alone=execution.windows is not None,
    )
    settled = _as_settled(case, verdict, now, reviewer, action_id, note)
    return _write(transaction, now, settled, verdict.value, reviewer, note)


_OVERDUE = _CASE.where(_UNSETTLED, reviews.c.expires_at <= NOW).order_by(*_OLDEST_FIRST)


def _overdue_locks(transaction: Transaction, by: datetime) -> set[str]:
    """The customers of every case whose time had run out by then."""
    return {customer_lock(row[2]) for row in transaction.rows(_OVERDUE, {"now": to_micros(by)})}


@writes(locks=_overdue_locks)
def expire_cases(transaction: Transaction, now: datetime, by: datetime) -> int:
    """Settle as hold every case whose time had run out at `by`; how many there were."""
    overdue = transaction.rows(_OVERDUE, {"now": to_micros(by)})
    for row in overdue:
        _write(transaction, now, _case_from(transaction, row, by), "expired", None)
    return len(overdue)


def _require_unsettled(case: ReviewCase) -> ReviewCase:
    if case.state.settled:
        raise Conflict(f"the case is {case.state.value}", field="review_id", value=case.review_id)
    return case


def _require_claim(case: ReviewCase, reviewer: str, fence: int) -> ReviewCase:
    """The case, if this reviewer holds the live claim of this fence."""
    _require_unsettled(case)
    if case.state is not ReviewState.CLAIMED or case.claimed_by != reviewer or case.fence != fence:
        raise Conflict("this claim of the case is no longer live", field="fence", value=fence, remedy="claim it again")
    return case


def _as_unclaimed(case: ReviewCase) -> ReviewCase:
    return replace(case, state=ReviewState.OPEN, claimed_by=None, claim_expires_at=None)


def _as_settled(
    case: ReviewCase,
    state: ReviewState,
    now: datetime,
    reviewer: str | None,
    action_id: str | None,
    note: str | None,
) -> ReviewCase:
    return replace(
        case,
        state=state,
        claim_expires_at=None,
        resolved_at=now,
        resolved_by=reviewer,
        resolution_action_id=action_id,
        note=note,
    )


_CHANGE = (
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
_LAST_EVENT = select(func.max(review_events.c.number)).where(review_events.c.review_id == bindparam("review_id"))


def _write(
    transaction: Transaction, now: datetime, case: ReviewCase, event: str, actor: str | None, detail: str | None = None
) -> ReviewCase:
    """Bring the row to `case`, and add the event that led there."""
    row = {
        "review": case.review_id,
        "state": case.state.value,
        "claimed_by": case.claimed_by,
        "claim_expires_at": to_micros_or_none(case.claim_expires_at),
        "fence": case.fence,
        "resolved_at": to_micros_or_none(case.resolved_at),
        "resolved_by": case.resolved_by,
        "resolution_action_id": case.resolution_action_id,
        "note": _encrypted(transaction, now, case, NOTE, case.note),
    }
    transaction.run(_CHANGE, row)
    number = transaction.rows(_LAST_EVENT, {"review_id": case.review_id})[0][0] + 1
    entry = {"review_id": case.review_id, "number": number, "at": to_micros(now), "event": event}
    detail = _encrypted(transaction, now, case, f"{EVENT} {number}", detail)
    transaction.run(_ADD_EVENT, {**entry, "actor": actor, "detail": detail})
    return case


def _encrypted(transaction: Transaction, now: datetime, case: ReviewCase, what: str, text: str | None) -> str | None:
    if text is None:
        return None
    return get_or_create_key(transaction, now, case.customer_id).encrypt_text(case.decision_id, what, text)


# --- one customer: merge, erasure

_MOVE = update(reviews).where(reviews.c.customer_id == bindparam("old")).values(customer_id=bindparam("new"))


def move_cases(transaction: Transaction, new: str, old: str) -> None:
    """Let the cases of one customer be those of another."""
    transaction.run(_MOVE, {"old": old, "new": new})


_OF_CUSTOMER = _CASE.where(reviews.c.customer_id == OF_WHOM).order_by(*_OLDEST_FIRST)


def cases_of(transaction: Transaction, now: datetime, customer_id: str) -> list[ReviewCase]:
    """The cases of a customer as they stand now, oldest first."""
    rows = transaction.rows(_OF_CUSTOMER, {"customer_id": customer_id})
    return [_case_from(transaction, row, now) for row in rows]


_UNSETTLED_OF = _CASE.where(_UNSETTLED, reviews.c.customer_id == OF_WHOM).order_by(*_OLDEST_FIRST)


def end_in_hold(transaction: Transaction, now: datetime, customer_id: str, event: str) -> None:
    """Settle the cases of a customer that are not settled, without a person; one whose time ran out has expired."""
    for row in transaction.rows(_UNSETTLED_OF, {"customer_id": customer_id}):
        case = _case_from(transaction, row, now)
        if case.state.settled:
            _write(transaction, now, case, "expired", None)
        else:
            _write(transaction, now, _as_settled(case, ReviewState.REJECTED, now, None, None, None), event, None)


_BLANK = (
    update(reviews).where(reviews.c.customer_id == bindparam("old")).values(customer_id=bindparam("new"), note=null())
)


def blank_cases(transaction: Transaction, customer_id: str) -> None:
    """Take the name of a customer who is erased off their cases, and the notes."""
    transaction.run(_BLANK, {"old": customer_id, "new": erased_id(transaction.key_ring, customer_id)})
