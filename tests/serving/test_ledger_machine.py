"""Random histories of consents, decisions, executions, reviews, retries and time, beside a model that is plainly right.

The model keeps lists in memory and knows nothing of transactions, versions or SQL.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from decisioning.customer import ConsentStatus, ContactState
from decisioning.errors import Conflict, KeyReused, Refused
from serving.errors import StaleFacts
from serving.ledger.records import ReviewDraft, ReviewState
from serving.ledger.reports import ConsentReport, ContactReport, OutcomeReport
from tests.serving.ledger_cases import MAIL, Clock, act, counting, execution, hold, new_ledger, review, wait

CUSTOMERS = ("ada", "bob")
CAP = 2
WINDOW = timedelta(days=7)
REVIEW_TIME = timedelta(hours=24)
LEASE = timedelta(minutes=15)

who = st.sampled_from(CUSTOMERS)


@dataclass
class Model:
    """What must be true, in the simplest form that says it."""

    consents: dict[str, list[str]] = field(default_factory=lambda: {one: [] for one in CUSTOMERS})
    slots: dict[str, list] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)
    cases: dict[str, dict] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)

    def consented(self, customer_id):
        return self.consents[customer_id][-1:] == ["granted"]

    def used(self, customer_id, now):
        return sum(
            1
            for owner, at, state in self.slots.values()
            if owner == customer_id and state is not ContactState.RELEASED and at > now - WINDOW
        )

    def admits(self, customer_id, now):
        return self.consented(customer_id) and self.used(customer_id, now) < CAP

    def state(self, case, now):
        if case["state"] in (ReviewState.OPEN, ReviewState.CLAIMED):
            if case["expires_at"] <= now:
                return ReviewState.EXPIRED
            if case["state"] is ReviewState.CLAIMED and case["until"] <= now:
                return ReviewState.OPEN
        return case["state"]


def against(customer, now):
    """The guard of this world: the last word on consent, and one cap."""
    if not customer.consents or customer.consents[-1].status is not ConsentStatus.GRANTED:
        return "no consent"
    return None if counting(customer.contacts, now, WINDOW) < CAP else "at the cap"


class LedgerMachine(RuleBasedStateMachine):
    known_facts = Bundle("known_facts")
    decisions = Bundle("decisions")
    cases = Bundle("cases")
    claims = Bundle("claims")

    @initialize()
    def begin(self):
        self.folder = TemporaryDirectory()
        self.clock = Clock()
        self.ledger = new_ledger(Path(self.folder.name), self.clock)
        self.model = Model()
        self.serial = 0
        for customer in CUSTOMERS:
            self.say(customer, ConsentStatus.GRANTED)

    def teardown(self):
        if hasattr(self, "ledger"):
            self.ledger.close()
            self.folder.cleanup()

    def next_id(self):
        self.serial += 1
        return f"{self.serial:04}"

    @rule(hours=st.sampled_from([0.05, 0.3, 25, 170]))
    def time_passes(self, hours):
        self.clock.advance(hours=hours)

    @rule(customer=who, status=st.sampled_from(ConsentStatus))
    def consent_or_withdraw(self, customer, status):
        self.say(customer, status)

    def say(self, customer, status):
        self.clock.advance(microseconds=1)
        report = ConsentReport(self.next_id(), customer, "email", "offers", status, self.clock.now)
        assert wait(self.ledger.record_consents([report])).accepted == 1
        assert wait(self.ledger.record_consents([report])).duplicates == 1
        self.model.consents[customer].append(status.value)

    @rule(customer=who)
    def object_to_everything(self, customer):
        self.clock.advance(microseconds=1)
        wait(self.ledger.record_outcomes([OutcomeReport(self.next_id(), customer, "complaint", self.clock.now)]))
        self.model.consents[customer].append("withdrawn")

    @rule(target=known_facts, customer=who)
    def read_facts(self, customer):
        """Read now, decide on it at any later time: in between anything may happen."""
        return self.ledger.known(customer)

    @rule(target=decisions, customer=who)
    def decide_to_act(self, customer):
        return self.act_on(self.ledger.known(customer), None, "a")

    @rule(target=decisions, known=known_facts)
    def decide_on_facts_read_before(self, known):
        return self.act_on(known, None, "a")

    @rule(target=decisions, customer=who, asked=st.sampled_from("ab"))
    def decide_under_a_key(self, customer, asked):
        return self.act_on(self.ledger.known(customer), "key", asked)

    def act_on(self, known, key, asked):
        decision_id, customer = self.next_id(), known.customer.customer_id
        draft = act(
            decision_id,
            customer,
            known.version,
            idempotency_key=key,
            fingerprint=f"{customer} {asked}",
            still_allowed=lambda now: against(known.customer, now) is None,
        )
        now, before = self.clock.now, self.model.keys.get(("shop", key))
        if before is not None:
            return self.retry(draft, before)
        fresh = known.version == self.ledger.known(customer).version
        if not fresh or not self.model.admits(customer, now):
            self.refused(draft)
            return multiple()
        assert wait(self.ledger.commit(draft)).decision_id == decision_id
        self.model.slots[decision_id] = [customer, now, ContactState.RESERVED]
        self.model.waiting.append(decision_id)
        return self.recorded(draft)

    def retry(self, draft, before):
        decision_id, fingerprint = before
        try:
            answer = wait(self.ledger.commit(draft))
        except KeyReused:
            assert fingerprint != draft.fingerprint
        else:
            assert (answer.replayed, answer.decision_id, fingerprint) == (True, decision_id, draft.fingerprint)
        return multiple()

    def refused(self, draft):
        try:
            wait(self.ledger.commit(draft))
        except StaleFacts:
            return
        raise AssertionError(f"{draft.decision_id} was taken though it may not stand")

    def recorded(self, draft):
        self.model.decided.append(draft.decision_id)
        if draft.idempotency_key is not None:
            self.model.keys["shop", draft.idempotency_key] = (draft.decision_id, draft.fingerprint)
        return draft.decision_id

    @rule(customer=who)
    def decide_to_hold(self, customer):
        draft = hold(self.next_id(), customer, self.ledger.known(customer).version)
        wait(self.ledger.commit(draft))
        self.recorded(draft)

    @rule(target=cases, customer=who)
    def decide_to_ask(self, customer):
        decision_id, expires_at = self.next_id(), self.clock.now + REVIEW_TIME
        seen = self.ledger.known(customer).version
        draft = review(decision_id, customer, seen, review=ReviewDraft(f"case-{decision_id}", expires_at))
        wait(self.ledger.commit(draft))
        self.recorded(draft)
        self.model.cases[decision_id] = {
            "customer": customer,
            "state": ReviewState.OPEN,
            "expires_at": expires_at,
            "by": None,
            "fence": 0,
        }
        return decision_id

    @rule(decision=decisions, status=st.sampled_from(["executed", "failed"]))
    def report_execution(self, decision, status):
        slot = self.model.slots[decision]
        wanted = ContactState.EXECUTED if status == "executed" else ContactState.RELEASED
        report = ContactReport(self.next_id(), slot[0], self.clock.now, status, decision_id=decision)
        try:
            taken = wait(self.ledger.record_contacts([report]))
        except Conflict:
            assert (slot[2], wanted) == (ContactState.EXECUTED, ContactState.RELEASED)
            return
        assert taken.accepted == (slot[2] is not wanted)
        if taken.accepted and wanted is ContactState.EXECUTED:
            slot[1] = self.clock.now
        slot[2] = wanted

    @rule(target=claims, decision=cases, reviewer=st.sampled_from(["ann", "bea"]))
    def claim(self, decision, reviewer):
        case, now = self.model.cases[decision], self.clock.now
        state = self.model.state(case, now)
        try:
            fence = wait(self.ledger.claim(f"case-{decision}", reviewer)).fence
        except Conflict:
            assert state.settled or (state is ReviewState.CLAIMED and case["by"] != reviewer)
            return multiple()
        assert not state.settled
        assert state is ReviewState.OPEN or case["by"] == reviewer
        case |= {"state": ReviewState.CLAIMED, "by": reviewer, "fence": fence, "until": now + LEASE}
        return (decision, reviewer, fence)

    @rule(target=decisions, claim=claims, verdict=st.sampled_from(["approve", "reject", "release"]))
    def settle(self, claim, verdict):
        decision, reviewer, fence = claim
        case, now = self.model.cases[decision], self.clock.now
        live = (self.model.state(case, now), case["by"], case["fence"]) == (ReviewState.CLAIMED, reviewer, fence)
        admitted = self.model.admits(case["customer"], now)
        try:
            settled = self.verdict(decision, reviewer, fence, verdict)
        except Conflict:
            assert not live
            return multiple()
        except Refused:
            assert live
            assert not admitted
            return multiple()
        assert live
        case["state"] = settled.state
        if verdict != "approve":
            return multiple()
        assert admitted
        self.model.slots[decision] = [case["customer"], now, ContactState.RESERVED]
        self.model.waiting.append(decision)
        return decision

    def verdict(self, decision, reviewer, fence, verdict):
        case_id = f"case-{decision}"
        if verdict == "approve":
            return wait(self.ledger.approve(case_id, reviewer, fence, execution=execution(decision), allowed=against))
        return wait(getattr(self.ledger, verdict)(case_id, reviewer, fence))

    @rule()
    def write_expiries_down(self):
        now = self.clock.now
        due = [
            one
            for one in self.model.cases.values()
            if self.model.state(one, now) is ReviewState.EXPIRED and one["state"] is not ReviewState.EXPIRED
        ]
        assert wait(self.ledger.expire_reviews()) == len(due)
        for one in due:
            one["state"] = ReviewState.EXPIRED

    @rule()
    def deliver_the_oldest(self):
        for message in self.ledger.outbox(1):
            assert wait(self.ledger.delivered(message.outbox_id))
            self.model.waiting.remove(message.decision_id)

    @rule()
    def restart(self):
        self.ledger.close()
        self.ledger = type(self.ledger).open(Path(self.folder.name) / "ledger.db", clock=self.clock)

    @invariant()
    def the_ledger_says_what_the_model_says(self):
        if not hasattr(self, "ledger"):
            return
        now = self.clock.now
        for customer in CUSTOMERS:
            known = self.ledger.known(customer, since=now - timedelta(days=900)).customer
            assert [one.status.value for one in known.consents] == self.model.consents[customer]
            expected = sorted(
                (at, f"slot-{decision}", state)
                for decision, (owner, at, state) in self.model.slots.items()
                if owner == customer
            )
            assert known.contacts == tuple(replace(MAIL, at=at, state=state) for at, _, state in expected)
            assert counting(known.contacts, now, WINDOW) == self.model.used(customer, now)
        assert sorted(one.decision_id for one in self.ledger.decisions(limit=1000)) == self.model.decided
        assert sorted(one.decision_id for one in self.ledger.outbox(1000)) == sorted(self.model.waiting)
        for state in ReviewState:
            expected_cases = {one for one, case in self.model.cases.items() if self.model.state(case, now) is state}
            assert {one.decision_id for one in self.ledger.reviews(state, limit=1000)} == expected_cases


LedgerMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLedgerAgainstModel = LedgerMachine.TestCase
