import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from heed.decisioning.customer import ConsentStatus, ContactState
from heed.decisioning.errors import Conflict, InvalidInput, NotFound, Refused
from heed.serving.ledger.facts.reports import ConsentReport
from heed.serving.ledger.reviews import ReviewSort, ReviewState
from tests.support.ledger_builders import MAIL, NOON, execution, review, states, wait

CALL = replace(MAIL, action_id="call_back", channel="call")


@pytest.fixture
def ledger(ledger):
    wait(ledger.decisions.commit(review("d1")))
    return ledger


def yes(facts):  # noqa: ARG001 - the shape the ledger asks for
    return None


def claimed(ledger, reviewer="ann"):
    return wait(ledger.reviews.claim("case-d1", reviewer)).fence


def approve(ledger, fence, reviewer="ann", allowed=yes):
    return wait(ledger.reviews.approve("case-d1", reviewer, fence, execution=execution("d1"), allowed=allowed))


def events(ledger):
    return [(one.event, one.actor) for one in ledger.reviews.events("case-d1")]


def nothing_taken(ledger):
    return ledger.customers.snapshot("ada").customer.contacts == () and ledger.outbox.ready() == ()


def test_a_case_is_open_from_its_decision_on(ledger):
    (case,) = ledger.reviews.list()
    assert (case.review_id, case.decision_id, case.customer_id) == ("case-d1", "d1", "ada")
    assert (case.state, case.proposed_action_id, case.fence) == (ReviewState.OPEN, "spring_sale", 0)
    assert (case.opened_at, case.expires_at) == (NOON, NOON + timedelta(hours=24))
    assert events(ledger) == [("opened", None)]


def test_cases_with_the_greatest_shortfall_may_come_first_and_those_without_come_last(ledger, clock):
    for name, shortfall in (("d2", 0.5), ("d3", 2.0), ("d4", None)):
        clock.advance(seconds=1)
        draft = review(name, name)
        wait(ledger.decisions.commit(replace(draft, review=replace(draft.review, shortfall=shortfall))))
    ordered = ledger.reviews.list(order=ReviewSort.SHORTFALL)
    assert [one.decision_id for one in ordered] == ["d3", "d2", "d1", "d4"]
    assert [one.shortfall for one in ordered] == [2.0, 0.5, None, None]
    assert [one.decision_id for one in ledger.reviews.list(order=ReviewSort.SHORTFALL, limit=1)] == ["d3"]
    with pytest.raises(InvalidInput, match="only open cases wait for their turn"):
        ledger.reviews.list(ReviewState.EXPIRED, order=ReviewSort.SHORTFALL)


def test_a_claim_takes_the_case_out_of_the_queue_for_a_quarter_of_an_hour(ledger, clock):
    case = wait(ledger.reviews.claim("case-d1", "ann"))
    assert (case.state, case.claimed_by, case.fence) == (ReviewState.CLAIMED, "ann", 1)
    assert case.claim_expires_at == NOON + timedelta(minutes=15)
    assert (ledger.reviews.list(), ledger.reviews.list(ReviewState.CLAIMED)) == ((), (case,))
    clock.advance(minutes=15)
    assert ledger.reviews.list(ReviewState.CLAIMED) == ()
    assert [(one.state, one.claimed_by) for one in ledger.reviews.list()] == [(ReviewState.OPEN, None)]


def test_a_claimed_case_cannot_be_claimed_by_another(ledger):
    claimed(ledger)
    with pytest.raises(Conflict, match="another reviewer has claimed the case in `review_id`: `case-d1`"):
        claimed(ledger, "bea")


def test_ones_own_claim_can_be_prolonged_and_only_the_new_fence_counts(ledger, clock):
    first = claimed(ledger)
    clock.advance(minutes=10)
    second = claimed(ledger)
    assert second > first
    clock.advance(minutes=10)
    with pytest.raises(Conflict, match=f"no longer live in `fence`: `{first}`; claim it again"):
        approve(ledger, first)
    assert approve(ledger, second).state is ReviewState.APPROVED


def test_of_many_reviewers_at_once_one_gets_the_case(ledger):
    async def rush():
        claims = (ledger.reviews.claim("case-d1", f"reviewer {n}") for n in range(20))
        return await asyncio.gather(*claims, return_exceptions=True)

    results = wait(rush())
    assert sum(not isinstance(one, Conflict) for one in results) == 1
    assert ledger.reviews.get("case-d1").fence == 1


def test_a_claim_that_ran_out_cannot_settle_even_if_nobody_else_claimed(ledger, clock):
    fence = claimed(ledger)
    clock.advance(minutes=15)
    with pytest.raises(Conflict, match="this claim of the case is no longer live"):
        approve(ledger, fence)
    assert nothing_taken(ledger)


def test_a_claim_that_passed_to_another_cannot_settle(ledger, clock):
    stale = claimed(ledger)
    clock.advance(minutes=16)
    fresh = claimed(ledger, "bea")
    for reviewer, fence in (("ann", stale), ("ann", fresh), ("bea", stale)):
        with pytest.raises(Conflict, match="this claim of the case is no longer live"):
            wait(ledger.reviews.reject("case-d1", reviewer, fence))
    assert approve(ledger, fresh, "bea").resolved_by == "bea"


def test_a_verdict_needs_a_claim(ledger):
    with pytest.raises(Conflict, match="this claim of the case is no longer live"):
        approve(ledger, 0)


def test_approval_takes_the_slot_and_hands_over_the_message(ledger, clock):
    fence = claimed(ledger)
    at = clock.advance(minutes=5)
    case = approve(ledger, fence)
    assert (case.state, case.resolved_by, case.resolved_at) == (ReviewState.APPROVED, "ann", at)
    assert case.resolution_action_id == "spring_sale"
    assert ledger.customers.snapshot("ada").customer.contacts == (replace(MAIL, at=at, state=ContactState.RESERVED),)
    assert [(one.decision_id, one.payload) for one in ledger.outbox.ready()] == [("d1", "send for d1")]
    assert ledger.reviews.list(ReviewState.APPROVED) == (case,)
    assert events(ledger) == [("opened", None), ("claimed", "ann"), ("approved", "ann")]


def test_approval_is_of_the_proposed_action(ledger):
    fence = claimed(ledger)
    with pytest.raises(InvalidInput, match="an approval is of the proposed action in `action_id`: `call_back`"):
        wait(ledger.reviews.approve("case-d1", "ann", fence, execution=execution("d1", CALL), allowed=yes))
    assert nothing_taken(ledger)


def test_an_override_takes_the_slot_of_the_other_action(ledger):
    fence = claimed(ledger)
    case = wait(
        ledger.reviews.override("case-d1", "ann", fence, execution=execution("d1", CALL), allowed=yes, note="by phone")
    )
    assert (case.state, case.resolution_action_id, case.note) == (ReviewState.OVERRIDDEN, "call_back", "by phone")
    assert [one.action_id for one in ledger.customers.snapshot("ada").customer.contacts] == ["call_back"]


def test_the_guard_is_asked_with_facts_that_came_after_the_decision(ledger, clock):
    fence = claimed(ledger)
    at = clock.advance(minutes=1)
    wait(ledger.facts.record_consents([ConsentReport("c", "ada", "email", "offers", ConsentStatus.WITHDRAWN, at)]))
    asked = []

    def consented(facts):
        asked.append(facts.now)
        withdrawn = any(one.status is ConsentStatus.WITHDRAWN for one in facts.customer.consents)
        return "Consent was withdrawn." if withdrawn else None

    with pytest.raises(Refused, match=r"Consent was withdrawn\. in `action_id`: `spring_sale`; reject the case"):
        approve(ledger, fence, allowed=consented)
    assert asked == [at]
    assert nothing_taken(ledger)
    assert ledger.reviews.get("case-d1").state is ReviewState.CLAIMED
    assert events(ledger)[-1] == ("refused", "ann")
    assert wait(ledger.reviews.reject("case-d1", "ann", fence)).state is ReviewState.REJECTED


def test_a_guard_that_breaks_settles_nothing(ledger):
    fence = claimed(ledger)
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        approve(ledger, fence, allowed=lambda *_: 1 / 0)
    assert nothing_taken(ledger)
    assert ledger.reviews.get("case-d1").state is ReviewState.CLAIMED


def test_rejection_holds(ledger):
    case = wait(ledger.reviews.reject("case-d1", "ann", claimed(ledger), note="not now"))
    assert (case.state, case.resolution_action_id, case.note) == (ReviewState.REJECTED, None, "not now")
    assert nothing_taken(ledger)


def test_release_puts_the_case_back_for_anyone(ledger):
    case = wait(ledger.reviews.release("case-d1", "ann", claimed(ledger)))
    assert (case.state, case.claimed_by) == (ReviewState.OPEN, None)
    assert claimed(ledger, "bea") == 2


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_a_settled_case_stays_settled(ledger, verdict):
    fence = claimed(ledger)
    if verdict == "approve":
        approve(ledger, fence)
    else:
        wait(ledger.reviews.reject("case-d1", "ann", fence))
    settled = ledger.reviews.get("case-d1")
    for attempt in (
        lambda: approve(ledger, fence),
        lambda: wait(ledger.reviews.reject("case-d1", "ann", fence)),
        lambda: wait(ledger.reviews.release("case-d1", "ann", fence)),
        lambda: claimed(ledger, "bea"),
    ):
        with pytest.raises(Conflict, match=f"the case is {settled.state.value} in `review_id`: `case-d1`"):
            attempt()
    assert ledger.reviews.get("case-d1") == settled
    assert wait(ledger.reviews.expire(NOON + timedelta(days=9))) == 0


def test_a_case_past_its_time_has_expired_before_anyone_writes_it_down(ledger, clock):
    fence = claimed(ledger)
    clock.advance(hours=24)
    (case,) = ledger.reviews.list(ReviewState.EXPIRED)
    assert case.resolved_at == case.expires_at
    assert ledger.reviews.list() == ledger.reviews.list(ReviewState.CLAIMED) == ()
    with pytest.raises(Conflict, match="the case is expired"):
        approve(ledger, fence)
    with pytest.raises(Conflict, match="the case is expired"):
        claimed(ledger, "bea")


def test_expiry_is_written_down_once_and_holds(ledger, clock):
    claimed(ledger)
    assert wait(ledger.reviews.expire(clock.now)) == 0
    clock.advance(hours=24)
    assert [wait(ledger.reviews.expire(clock.now)) for _ in range(2)] == [1, 0]
    assert ledger.reviews.get("case-d1").state is ReviewState.EXPIRED
    assert events(ledger)[-1] == ("expired", None)
    assert nothing_taken(ledger)


def test_queues_are_oldest_first_and_bounded(ledger, clock):
    for name in ("d3", "d2"):
        clock.advance(minutes=1)
        wait(ledger.decisions.commit(review(name)))
    assert [one.decision_id for one in ledger.reviews.list()] == ["d1", "d3", "d2"]
    assert [one.decision_id for one in ledger.reviews.list(limit=2)] == ["d1", "d3"]


def test_a_case_that_never_was_is_not_found(ledger):
    missing = "no such review case in `review_id`: `gone`"
    with pytest.raises(NotFound, match=missing):
        ledger.reviews.get("gone")
    with pytest.raises(NotFound, match=missing):
        ledger.reviews.events("gone")
    with pytest.raises(NotFound, match=missing):
        wait(ledger.reviews.claim("gone", "ann"))


def test_an_approved_slot_counts_towards_the_caps(ledger):
    approve(ledger, claimed(ledger))
    assert states(ledger.customers.snapshot("ada").customer) == [ContactState.RESERVED]
    assert ledger.customers.snapshot("ada").version == 1
