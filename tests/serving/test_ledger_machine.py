"""Random histories beside a plain model: one machine for slots, keys and stale facts, one for review cases."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from decisioning.customer import ConsentStatus, ContactState, Facts
from decisioning.errors import Conflict, KeyReused, Refused
from serving.errors import StaleFacts
from serving.ledger.cases import ReviewState
from serving.ledger.records import ReviewDraft
from serving.ledger.reports import ConsentReport, ContactReport, OutcomeReport
from serving.ledger.reviewing import LEASE
from tests.serving.ledger_cases import MAIL, Clock, act, counting, execution, hold, review, wait
from tests.serving.ledger_model import CUSTOMERS, WINDOW, Model, ModelCase, against
from tests.serving.stores import POSTGRESQL, SQLITE, stored

REVIEW_TIME = timedelta(hours=24)

who = st.sampled_from(CUSTOMERS)


class Histories(RuleBasedStateMachine):
    """What both machines share: a ledger, its model, time, consent, and acts on the facts of the moment."""

    database = SQLITE
    decisions = Bundle("decisions")

    @initialize()
    def begin(self):
        self.kept = ExitStack()
        folder = Path(self.kept.enter_context(TemporaryDirectory()))
        self.store = self.kept.enter_context(stored(self.database, folder))
        self.clock = Clock()
        self.ledger = self.store.open(self.clock)
        self.model = Model()
        self.serial = 0
        for customer in CUSTOMERS:
            self.say(customer, ConsentStatus.GRANTED)

    def teardown(self):
        if hasattr(self, "ledger"):
            self.ledger.close()
            self.kept.close()

    def next_id(self):
        self.serial += 1
        return f"{self.serial:04}"

    def say(self, customer, status):
        self.clock.advance(microseconds=1)
        report = ConsentReport(self.next_id(), customer, "email", "offers", status, self.clock.now)
        assert wait(self.ledger.record_consents([report])).accepted == 1
        assert wait(self.ledger.record_consents([report])).duplicates == 1
        self.model.said(customer, status.value)

    @rule(hours=st.sampled_from([0.1, 0.3, 25, 170]))
    def time_passes(self, hours):
        self.clock.advance(hours=hours)

    @rule(customer=who, status=st.sampled_from(ConsentStatus))
    def consent_or_withdraw(self, customer, status):
        self.say(customer, status)

    @rule(target=decisions, customer=who)
    def decide_to_act(self, customer):
        return self.act_on(self.ledger.known(customer))

    def act_on(self, known, key=None, asked="a"):
        customer, now = known.customer.customer_id, self.clock.now
        draft = act(
            self.next_id(),
            customer,
            known.version,
            idempotency_key=key,
            fingerprint=f"{customer} {asked}",
            still_allowed=lambda moment, _: against(Facts(known.customer, moment)) is None,
        )
        if key in self.model.keys:
            return self.retry(draft, *self.model.keys[key])
        may = known.version == self.model.versions[customer] and self.model.admits(customer, now)
        try:
            assert wait(self.ledger.commit(draft)).decision_id == draft.decision_id
        except StaleFacts:
            assert not may
            return multiple()
        assert may
        self.model.reserved(draft.decision_id, customer, now)
        return self.recorded(draft)

    def retry(self, draft, decision_id, fingerprint):
        try:
            answer = wait(self.ledger.commit(draft))
        except KeyReused:
            assert fingerprint != draft.fingerprint
        else:
            assert (answer.replayed, answer.decision_id, fingerprint) == (True, decision_id, draft.fingerprint)
        return multiple()

    def recorded(self, draft):
        self.model.decided.append(draft.decision_id)
        if draft.idempotency_key is not None:
            self.model.keys[draft.idempotency_key] = (draft.decision_id, draft.fingerprint)
        return draft.decision_id

    @invariant()
    def ledger_and_model_agree(self):
        if hasattr(self, "ledger"):
            for customer in CUSTOMERS:
                self.agree_on(customer)
            assert sorted(one.decision_id for one in self.ledger.decisions(limit=1000)) == self.model.decided
            assert sorted(one.decision_id for one in self.ledger.outbox(1000)) == sorted(self.model.waiting)

    def agree_on(self, customer):
        known = self.ledger.known(customer, since=self.clock.now - timedelta(days=900))
        assert known.version == self.model.versions[customer]
        assert [one.status.value for one in known.customer.consents] == self.model.consents[customer]
        slots = [(one.at, name, one.state) for name, one in self.model.slots.items() if one.customer == customer]
        expected = tuple(replace(MAIL, at=at, state=state) for at, _, state in sorted(slots))
        assert known.customer.contacts == expected
        assert counting(expected, self.clock.now, WINDOW) == self.model.used(customer, self.clock.now)


class SlotHistories(Histories):
    """Acts on fresh and stale facts, retries, executions, failures, objections, restarts."""

    facts = Bundle("facts")

    @rule(target=facts, customer=who)
    def read_facts(self, customer):
        return self.ledger.known(customer)

    @rule(target=Histories.decisions, known=facts)
    def decide_on_facts_read_before(self, known):
        return self.act_on(known)

    @rule(target=Histories.decisions, customer=who, asked=st.sampled_from("ab"))
    def decide_under_a_key(self, customer, asked):
        return self.act_on(self.ledger.known(customer), "key", asked)

    @rule(customer=who)
    def decide_to_hold(self, customer):
        draft = hold(self.next_id(), customer, self.ledger.known(customer).version)
        wait(self.ledger.commit(draft))
        self.recorded(draft)

    @rule(customer=who)
    def complain(self, customer):
        self.clock.advance(microseconds=1)
        wait(self.ledger.record_outcomes([OutcomeReport(self.next_id(), customer, "complaint", self.clock.now)]))
        self.model.said(customer, "withdrawn")

    @rule(decision=Histories.decisions, status=st.sampled_from(["executed", "failed"]))
    def report_execution(self, decision, status):
        slot = self.model.slots[decision]
        wanted = ContactState.EXECUTED if status == "executed" else ContactState.RELEASED
        report = ContactReport(self.next_id(), slot.customer, self.clock.now, status, decision_id=decision)
        final = (slot.state, wanted) == (ContactState.EXECUTED, ContactState.RELEASED)
        try:
            taken = wait(self.ledger.record_contacts([report]))
        except Conflict:
            assert final
            return
        assert not final
        assert taken.accepted == (slot.state is not wanted)
        if taken.accepted:
            self.model.versions[slot.customer] += 1
            slot.at = self.clock.now if wanted is ContactState.EXECUTED else slot.at
            slot.state = wanted
            self.model.waiting = [one for one in self.model.waiting if one != decision]

    @rule()
    def deliver_the_oldest(self):
        for message in self.ledger.outbox(1):
            assert wait(self.ledger.delivered(message.outbox_id))
            self.model.waiting.remove(message.decision_id)

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
        opened = ReviewDraft(f"case-{decision_id}", case.expires_at)
        draft = review(decision_id, customer, self.model.versions[customer], review=opened)
        wait(self.ledger.commit(draft))
        self.model.cases[decision_id] = case
        return self.recorded(draft)

    @rule(target=claims, decision=cases, reviewer=st.sampled_from(["ann", "bea"]))
    def claim(self, decision, reviewer):
        case = self.model.cases[decision]
        state = case.at(self.clock.now)
        free = state is ReviewState.OPEN or (state is ReviewState.CLAIMED and case.reviewer == reviewer)
        try:
            fence = wait(self.ledger.claim(f"case-{decision}", reviewer)).fence
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
        admitted = verdict != "approve" or self.model.admits(case.customer, now)
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
            self.model.reserved(decision, case.customer, now)

    def verdict(self, decision, reviewer, fence, verdict):
        case = f"case-{decision}"
        if verdict != "approve":
            return wait(getattr(self.ledger, verdict)(case, reviewer, fence))
        return wait(self.ledger.approve(case, reviewer, fence, execution=execution(decision), allowed=against))

    @rule()
    def write_expiries_down(self):
        cases = self.model.cases.values()
        due = [one for one in cases if not one.state.settled and one.at(self.clock.now) is ReviewState.EXPIRED]
        assert wait(self.ledger.expire_reviews()) == len(due)
        for one in due:
            one.state = ReviewState.EXPIRED

    @invariant()
    def every_case_is_in_its_queue(self):
        if hasattr(self, "ledger"):
            for state in ReviewState:
                expected = {name for name, one in self.model.cases.items() if one.at(self.clock.now) is state}
                assert {one.decision_id for one in self.ledger.reviews(state, limit=1000)} == expected


class SlotHistoriesOnPostgres(SlotHistories):
    database = POSTGRESQL


class ReviewHistoriesOnPostgres(ReviewHistories):
    database = POSTGRESQL


bounded = settings(max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
TestSlotHistories = SlotHistories.TestCase
TestSlotHistories.settings = bounded
TestReviewHistories = ReviewHistories.TestCase
TestReviewHistories.settings = bounded
# The same histories, fewer of them: the model is the same, and what differs is held by the suite for both.
fewer = settings(bounded, max_examples=10, stateful_step_count=30)
TestSlotHistoriesOnPostgres = SlotHistoriesOnPostgres.TestCase
TestSlotHistoriesOnPostgres.settings = fewer
TestReviewHistoriesOnPostgres = ReviewHistoriesOnPostgres.TestCase
TestReviewHistoriesOnPostgres.settings = fewer
