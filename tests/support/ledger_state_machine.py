"""The state machine that all ledger property tests extend: a ledger, its reference model, and shared rules."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from heed.decisioning.customer import ConsentStatus, ContactState, Facts
from heed.decisioning.errors import Conflict, KeyReused
from heed.decisioning.verdict import Effect
from heed.serving.errors import CustomerErased, StaleFacts
from heed.serving.ledger.facts.reports import ConsentReport, ContactReport
from heed.serving.ledger.operations.kill_switch import StopOrder
from tests.support.ledger_builders import MAIL, Clock, act, count_contacts, wait
from tests.support.ledger_model import CUSTOMERS, EMAIL, ERASED, EVERYTHING, TEXT, WINDOW, Model, against
from tests.support.ledger_stores import SQLITE, temporary_store

who = st.sampled_from(CUSTOMERS)
scopes = st.sampled_from([EVERYTHING, EMAIL, TEXT])

bounded = settings(max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
# The same histories, fewer of them: the model is the same, and what differs is held by the suite for both.
fewer = settings(bounded, max_examples=8, stateful_step_count=30)


class Histories(RuleBasedStateMachine):
    database = SQLITE
    decisions = Bundle("decisions")

    @initialize()
    def begin(self):
        self.kept = ExitStack()
        folder = Path(self.kept.enter_context(TemporaryDirectory()))
        self.store = self.kept.enter_context(temporary_store(self.database, folder))
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
        assert wait(self.ledger.facts.record_consents([report])).accepted == 1
        assert wait(self.ledger.facts.record_consents([report])).duplicates == 1
        self.model.said(customer, status.value)

    @rule(hours=st.sampled_from([0.1, 0.3, 25, 170]))
    def time_passes(self, hours):
        self.clock.advance(hours=hours)

    @rule(customer=who, status=st.sampled_from(ConsentStatus))
    def consent_or_withdraw(self, customer, status):
        self.say(customer, status)

    @rule(scope=scopes, effect=st.sampled_from([Effect.SUPPRESS, Effect.REVIEW]))
    def stop(self, scope, effect):
        wait(self.ledger.kill_switch.stop(StopOrder("a wrong price", "ann", effect, channel=scope)))
        self.model.stops[scope] = effect.value

    @rule(scope=scopes)
    def resume(self, scope):
        try:
            wait(self.ledger.kill_switch.resume(StopOrder("mended", "ann", channel=scope)))
        except Conflict:
            assert scope not in self.model.stops
            return
        del self.model.stops[scope]

    @rule(customer=who)
    def erase(self, customer):
        self.clock.advance(microseconds=1)
        expected = self.model.erase(customer, self.clock.now)
        assert wait(self.ledger.customers.erase(customer)).erased is expected
        assert wait(self.ledger.customers.erase(customer)).erased is False
        at = self.model.erased_at[customer]
        late = ConsentReport(self.next_id(), customer, "email", "offers", ConsentStatus.GRANTED, at)
        assert wait(self.ledger.facts.record_consents([late])).accepted == 0

    @rule(target=decisions, customer=who)
    def decide_to_act(self, customer):
        return self.act_on(self.ledger.customers.snapshot(customer))

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
        fresh = known.version == self.model.versions[customer]
        may = fresh and self.model.admits(customer, now) and not self.model.stopped(approved=False)
        try:
            assert wait(self.ledger.decisions.commit(draft)).decision_id == draft.decision_id
        except StaleFacts:
            assert not may
            return multiple()
        assert may
        self.model.reserved(draft.decision_id, customer, now)
        return self.recorded(draft)

    def retry(self, draft, decision_id, fingerprint):
        try:
            answer = wait(self.ledger.decisions.commit(draft))
        except KeyReused:
            assert fingerprint != draft.fingerprint
        except CustomerErased:
            assert fingerprint == draft.fingerprint
            assert self.model.slots[decision_id].customer == ERASED
        else:
            assert (answer.replayed, answer.decision_id, fingerprint) == (True, decision_id, draft.fingerprint)
        return multiple()

    def recorded(self, draft):
        self.model.decided.append(draft.decision_id)
        self.model.sealed.add(draft.customer_id)
        if draft.idempotency_key is not None:
            self.model.keys[draft.idempotency_key] = (draft.decision_id, draft.fingerprint)
        return draft.decision_id

    @invariant()
    def ledger_and_model_agree(self):
        if hasattr(self, "ledger"):
            for customer in CUSTOMERS:
                self.agree_on(customer)
            assert sorted(one.decision_id for one in self.ledger.decisions.list(limit=1000)) == self.model.decided
            ready = sorted(one.decision_id for one in self.ledger.outbox.ready(1000))
            assert ready == self.model.ready(self.clock.now)

    def agree_on(self, customer):
        known = self.ledger.customers.snapshot(customer, since=self.clock.now - timedelta(days=900))
        assert known.version == self.model.versions[customer]
        assert [one.status.value for one in known.customer.consents] == self.model.consents[customer]
        slots = [(one.at, name, one.state) for name, one in self.model.slots.items() if one.customer == customer]
        expected = tuple(replace(MAIL, at=at, state=state) for at, _, state in sorted(slots))
        assert known.customer.contacts == expected
        assert count_contacts(expected, self.clock.now, WINDOW) == self.model.used(customer, self.clock.now)


class Executions(Histories):
    """Executors report what became of acts."""

    @rule(decision=Histories.decisions, status=st.sampled_from(["executed", "failed"]))
    def report_execution(self, decision, status):
        slot, message = self.model.slots[decision], self.model.messages[decision]
        wanted = ContactState.EXECUTED if status == "executed" else ContactState.RELEASED
        if slot.customer == ERASED:
            return
        report = ContactReport(self.next_id(), slot.customer, self.clock.now, status, decision_id=decision)
        final = (slot.state, wanted) == (ContactState.EXECUTED, ContactState.RELEASED)
        try:
            taken = wait(self.ledger.facts.record_contacts([report]))
        except Conflict:
            assert final
            return
        assert not final
        assert taken.accepted == (slot.state is not wanted)
        if taken.accepted:
            self.model.raised(slot.customer)
            slot.at = self.clock.now if wanted is ContactState.EXECUTED else slot.at
            slot.state = wanted
            if message.waits:
                message.close("delivered" if wanted is ContactState.EXECUTED else "withdrawn")
