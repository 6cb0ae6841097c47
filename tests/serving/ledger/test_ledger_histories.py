"""Random histories beside a plain model: one machine for slots, keys and stale facts, one for review cases."""

from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, rule

from heed.decisioning.errors import Conflict, Refused
from heed.serving.ledger.facts.reports import OutcomeReport
from heed.serving.ledger.reviews import LEASE, NewReview, ReviewState
from tests.support.ledger_builders import execution, hold, review, wait
from tests.support.ledger_model import ModelCase, against
from tests.support.ledger_state_machine import Executions, Histories, bounded, fewer, who
from tests.support.ledger_stores import POSTGRESQL

pytestmark = pytest.mark.slow

REVIEW_TIME = timedelta(hours=24)


class SlotHistories(Executions):
    """Acts on fresh and stale facts, retries, executions, failures, complaints, stops, erasures, restarts."""

    facts = Bundle("facts")

    @rule(target=facts, customer=who)
    def read_facts(self, customer):
        return self.ledger.customers.snapshot(customer)

    @rule(target=Histories.decisions, known=facts)
    def decide_on_facts_read_before(self, known):
        return self.act_on(known)

    @rule(target=Histories.decisions, customer=who, asked=st.sampled_from("ab"))
    def decide_under_a_key(self, customer, asked):
        return self.act_on(self.ledger.customers.snapshot(customer), "key", asked)

    @rule(customer=who)
    def decide_to_hold(self, customer):
        draft = hold(self.next_id(), customer, self.ledger.customers.snapshot(customer).version)
        wait(self.ledger.decisions.commit(draft))
        self.recorded(draft)

    @rule(customer=who)
    def complain(self, customer):
        self.clock.advance(microseconds=1)
        wait(self.ledger.facts.record_outcomes([OutcomeReport(self.next_id(), customer, "complaint", self.clock.now)]))
        self.model.said(customer, "withdrawn")

    @rule()
    def deliver_the_oldest(self):
        for message in self.ledger.outbox.ready(1):
            assert wait(self.ledger.outbox.mark_delivered(message.outbox_id)).new
            self.model.messages[message.decision_id].close("delivered")

    @rule()
    def restart(self):
        self.ledger.close()
        self.ledger = self.store.open(self.clock)


class ReviewHistories(Histories):
    """Cases opened, claimed by rivals, settled with live and stale claims, and left to expire."""

    cases = Bundle("cases")
    claims = Bundle("claims")

    @rule(target=cases, customer=who)
    def decide_to_ask(self, customer):
        case = ModelCase(customer, self.clock.now + REVIEW_TIME)
        decision_id = self.next_id()
        opened = NewReview(f"case-{decision_id}", case.expires_at)
        draft = review(decision_id, customer, self.model.versions[customer], review=opened)
        wait(self.ledger.decisions.commit(draft))
        self.model.cases[decision_id] = case
        return self.recorded(draft)

    @rule(target=claims, decision=cases, reviewer=st.sampled_from(["ann", "bea"]))
    def claim(self, decision, reviewer):
        case = self.model.cases[decision]
        state = case.at(self.clock.now)
        free = state is ReviewState.OPEN or (state is ReviewState.CLAIMED and case.reviewer == reviewer)
        try:
            fence = wait(self.ledger.reviews.claim(f"case-{decision}", reviewer)).fence
        except Conflict:
            assert not free
            return multiple()
        assert free
        assert fence > case.fence
        case.state, case.reviewer, case.fence = ReviewState.CLAIMED, reviewer, fence
        case.claimed_until = self.clock.now + LEASE
        return decision, reviewer, fence

    @rule(claim=claims, verdict=st.sampled_from(["approve", "approve", "reject", "release"]))
    def settle(self, claim, verdict):
        decision, reviewer, fence = claim
        case, now = self.model.cases[decision], self.clock.now
        live = (case.at(now), case.reviewer, case.fence) == (ReviewState.CLAIMED, reviewer, fence)
        goes = self.model.admits(case.customer, now) and not self.model.stopped(approved=True)
        admitted = verdict != "approve" or goes
        try:
            settled = self.verdict(decision, reviewer, fence, verdict)
        except Conflict:
            assert not live
            return
        except Refused:
            assert live
            assert not admitted
            return
        assert live
        assert admitted
        case.state, case.claimed_until = settled.state, None
        if verdict == "approve":
            self.model.reserved(decision, case.customer, now, approved=True)

    def verdict(self, decision, reviewer, fence, verdict):
        case = f"case-{decision}"
        if verdict != "approve":
            return wait(getattr(self.ledger.reviews, verdict)(case, reviewer, fence))
        return wait(self.ledger.reviews.approve(case, reviewer, fence, execution=execution(decision), allowed=against))

    @rule()
    def write_expiries_down(self):
        cases = self.model.cases.values()
        due = [one for one in cases if not one.state.settled and one.at(self.clock.now) is ReviewState.EXPIRED]
        assert wait(self.ledger.reviews.expire(self.clock.now)) == len(due)
        for one in due:
            one.state = ReviewState.EXPIRED

    @invariant()
    def every_case_is_in_its_queue(self):
        if hasattr(self, "ledger"):
            for state in ReviewState:
                expected = {name for name, one in self.model.cases.items() if one.at(self.clock.now) is state}
                assert {one.decision_id for one in self.ledger.reviews.list(state, limit=1000)} == expected


class SlotHistoriesOnPostgres(SlotHistories):
    database = POSTGRESQL


class ReviewHistoriesOnPostgres(ReviewHistories):
    database = POSTGRESQL


TestSlotHistories = SlotHistories.TestCase
TestSlotHistories.settings = bounded
TestReviewHistories = ReviewHistories.TestCase
TestReviewHistories.settings = bounded
TestSlotHistoriesOnPostgres = SlotHistoriesOnPostgres.TestCase
TestSlotHistoriesOnPostgres.settings = fewer
TestReviewHistoriesOnPostgres = ReviewHistoriesOnPostgres.TestCase
TestReviewHistoriesOnPostgres.settings = fewer
