"""The life of a review case. It never executes by itself: without a person's verdict it ends in hold.

open ──claim──▶ claimed ──approve──▶ approved ┐
  ▲               │ ├─────override──▶ overridden ┴─▶ slot and message, in the same transaction
  └─release, lapse┘ ├─────reject────▶ rejected ┐
  └───────time──────┴───────────────▶ expired  ┴─▶ hold
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from heed.decisioning.customer import Facts
from heed.decisioning.errors import Conflict, InvalidInput, NotFound, Refused
from heed.decisioning.kill_switch import STOP_RULE
from heed.serving.ledger.backend.times import micros, micros_or_none, moment, moment_or_none
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.decisions.commit import counted, take_slot
from heed.serving.ledger.encryption.data_keys import EVENT, NOTE, decrypt_text, get_or_create_key
from heed.serving.ledger.facts.snapshot import HISTORY, known
from heed.serving.ledger.operations.kill_switch import against_approval
from heed.serving.ledger.queries.reviews import ADD_EVENT, CASE, CHANGE_REVIEW, LAST_EVENT, OVERDUE_CASES
from heed.serving.ledger.reviews.cases import Execution, ReviewCase, ReviewState

LEASE = timedelta(minutes=15)

Allowed = Callable[[Facts], str | None]
"""Asked with fresh facts inside the transaction: None to go on, or the reason why a guardrail forbids it."""


def case_of(transaction: Transaction, row: Row, now: datetime) -> ReviewCase:
    """The case as it stands at `now`: what ran out has run out, whether or not that was written down yet."""
    case = ReviewCase(
        review_id=row[0],
        decision_id=row[1],
        customer_id=row[2],
        state=ReviewState(row[3]),
        proposed_action_id=row[4],
        opened_at=moment(row[5]),
        expires_at=moment(row[6]),
        claimed_by=row[7],
        claim_expires_at=moment_or_none(row[8]),
        fence=row[9],
        resolved_at=moment_or_none(row[10]),
        resolved_by=row[11],
        resolution_action_id=row[12],
        note=decrypt_text(transaction, row[1], NOTE, row[13]),
        shortfall=row[14],
    )
    if case.state.settled:
        return case
    if case.expires_at <= now:
        return replace(_unclaimed(case), state=ReviewState.EXPIRED, resolved_at=case.expires_at)
    lapsed = case.claim_expires_at is not None and case.claim_expires_at <= now
    return _unclaimed(case) if lapsed else case


def find(transaction: Transaction, now: datetime, review_id: str) -> ReviewCase:
    """The case of this id.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = transaction.row(CASE, {"review_id": review_id})
    if row is None:
        raise NotFound("no such review case", field="review_id", value=review_id)
    return case_of(transaction, row, now)


def claim(
    transaction: Transaction, now: datetime, review_id: str, reviewer: str, lease: timedelta = LEASE
) -> ReviewCase:
    """Take an open case, or prolong one's own claim; the fence grows either way.

    Raises
    ------
    Conflict
        If it is settled, expired, or claimed by another.
    """
    case = _unsettled(find(transaction, now, review_id))
    if case.state is ReviewState.CLAIMED and case.claimed_by != reviewer:
        remedy = "take another case, or wait until the claim runs out"
        raise Conflict("another reviewer has claimed the case", field="review_id", value=review_id, remedy=remedy)
    taken = replace(
        case, state=ReviewState.CLAIMED, claimed_by=reviewer, claim_expires_at=now + lease, fence=case.fence + 1
    )
    return _write(transaction, now, taken, "claimed", reviewer)


def release(transaction: Transaction, now: datetime, review_id: str, reviewer: str, fence: int) -> ReviewCase:
    """Put one's claimed case back into the queue."""
    case = _held(find(transaction, now, review_id), reviewer, fence)
    return _write(transaction, now, _unclaimed(case), "released", reviewer)


def reject(
    transaction: Transaction, now: datetime, review_id: str, reviewer: str, fence: int, note: str | None = None
) -> ReviewCase:
    """Hold."""
    case = _held(find(transaction, now, review_id), reviewer, fence)
    settled = _settled(case, ReviewState.REJECTED, now, reviewer, None, note)
    return _write(transaction, now, settled, "rejected", reviewer, note)


def execute(
    transaction: Transaction,
    now: datetime,
    review_id: str,
    reviewer: str,
    fence: int,
    *,
    verdict: ReviewState,
    execution: Execution,
    allowed: Allowed,
    note: str | None = None,
) -> ReviewCase | Refused:
    """Approve or override: check once more with fresh facts, then take the slot and settle the case.

    A refusal is returned rather than raised, so that the attempt stays on record; the case stays claimed.
    """
    transaction.require_moment(now)
    case = _held(find(transaction, now, review_id), reviewer, fence)
    action_id = execution.reservation.action_id
    if verdict is ReviewState.APPROVED and action_id != case.proposed_action_id:
        raise InvalidInput(
            "an approval is of the proposed action", field="action_id", value=action_id, remedy="override"
        )
    stop = against_approval(transaction, execution.reservation)
    found = known(transaction, case.customer_id, now - HISTORY)
    facts = Facts(found.customer, now, volumes=counted(transaction, now, execution.windows))
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
        new=not found.exists,
        alone=execution.windows is not None,
    )
    settled = _settled(case, verdict, now, reviewer, action_id, note)
    return _write(transaction, now, settled, verdict.value, reviewer, note)


def expire(transaction: Transaction, now: datetime, by: datetime) -> int:
    """Write down every case whose time had run out at `by`; how many there were."""
    overdue = transaction.rows(OVERDUE_CASES, {"now": micros(by)})
    for row in overdue:
        _write(transaction, now, case_of(transaction, row, by), "expired", None)
    return len(overdue)


def end_in_hold(transaction: Transaction, now: datetime, case: ReviewCase, event: str) -> ReviewCase:
    """Settle a case without a person; one whose time ran out has expired."""
    if case.state.settled:
        return _write(transaction, now, case, "expired", None)
    return _write(transaction, now, _settled(case, ReviewState.REJECTED, now, None, None, None), event, None)


def _unsettled(case: ReviewCase) -> ReviewCase:
    if case.state.settled:
        raise Conflict(f"the case is {case.state.value}", field="review_id", value=case.review_id)
    return case


def _held(case: ReviewCase, reviewer: str, fence: int) -> ReviewCase:
    """The case, if this reviewer holds the live claim of this fence."""
    _unsettled(case)
    if case.state is not ReviewState.CLAIMED or case.claimed_by != reviewer or case.fence != fence:
        raise Conflict("this claim of the case is no longer live", field="fence", value=fence, remedy="claim it again")
    return case


def _unclaimed(case: ReviewCase) -> ReviewCase:
    return replace(case, state=ReviewState.OPEN, claimed_by=None, claim_expires_at=None)


def _settled(
    case: ReviewCase, state: ReviewState, now: datetime, reviewer: str | None, action_id: str | None, note: str | None
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


def _write(
    transaction: Transaction, now: datetime, case: ReviewCase, event: str, actor: str | None, detail: str | None = None
) -> ReviewCase:
    """Bring the row to `case`, and add the event that led there."""
    row = {
        "review": case.review_id,
        "state": case.state.value,
        "claimed_by": case.claimed_by,
        "claim_expires_at": micros_or_none(case.claim_expires_at),
        "fence": case.fence,
        "resolved_at": micros_or_none(case.resolved_at),
        "resolved_by": case.resolved_by,
        "resolution_action_id": case.resolution_action_id,
        "note": _sealed(transaction, now, case, NOTE, case.note),
    }
    transaction.run(CHANGE_REVIEW, row)
    last = transaction.rows(LAST_EVENT, {"review_id": case.review_id})[0][0]
    number = last + 1
    entry = {"review_id": case.review_id, "number": number, "at": micros(now), "event": event}
    detail = _sealed(transaction, now, case, f"{EVENT} {number}", detail)
    transaction.run(ADD_EVENT, {**entry, "actor": actor, "detail": detail})
    return case


def event_detail(transaction: Transaction, decision_id: str, number: int, stored: str | None) -> str | None:
    """What was said with one event of a case; None where nothing was, or the customer was erased."""
    return decrypt_text(transaction, decision_id, f"{EVENT} {number}", stored)


def _sealed(transaction: Transaction, now: datetime, case: ReviewCase, what: str, text: str | None) -> str | None:
    if text is None:
        return None
    return get_or_create_key(transaction, now, case.customer_id).sealed_text(case.decision_id, what, text)
