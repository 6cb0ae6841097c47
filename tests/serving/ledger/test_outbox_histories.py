"""Random lives of messages beside a plain model: leases, what executors say, retries, expiry, stops and erasure."""

from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, rule

from heed.decisioning.customer import Facts
from heed.decisioning.errors import Conflict, Refused
from heed.decisioning.recheck_result import ALLOWED, RecheckResult
from heed.serving.ledger.leases import DeliveryCheck, DeliveryConfirmation, DeliveryResult, LeaseResult
from tests.support.ledger_builders import wait
from tests.support.ledger_model import ERASED, against
from tests.support.ledger_state_machine import Executions, Histories, bounded, fewer
from tests.support.ledger_stores import POSTGRESQL

pytestmark = pytest.mark.slow

PATIENCE = timedelta(hours=24)
MOST_ATTEMPTS = 3
LEASE = timedelta(minutes=10)
SOON = timedelta(minutes=1)

# What an executor says, whether it certainly has not sent anything, and whether it is to be tried again.
SAID = st.sampled_from(
    [(said, certain, again) for said, certain in (("refused", True), ("unknown", False)) for again in (True, False)]
    + [("delivered", False, False)] * 2
)


class OutboxHistories(Executions):
    """Messages handed over, settled late and twice, put off, given up and expired."""

    handings = Bundle("handings")

    @rule(minutes=st.sampled_from([5, 90, 60 * 30]))
    def night_falls(self, minutes):
        self.quiet_until = self.clock.now + timedelta(minutes=minutes)

    @property
    def check(self):
        return DeliveryCheck(self.ruling, None, PATIENCE, MOST_ATTEMPTS)

    def ruling(self, release):
        because = against(Facts(release.customer, release.now))
        if because is not None:
            return RecheckResult(because, "guard")
        until = getattr(self, "quiet_until", release.now)
        return RecheckResult("quiet", "quiet-hours", until) if until > release.now else ALLOWED

    def model_error(self, decision):
        """What the model says of handing a message over now: go, stopped, withdrawn, or until when it is put off."""
        now, message, slot = self.clock.now, self.model.messages[decision], self.model.slots[decision]
        expires_at = message.created_at + PATIENCE
        if now >= expires_at or message.attempts >= MOST_ATTEMPTS:
            return "withdrawn"
        if self.model.stopped(approved=False):
            return "stopped"
        if not self.model.admits(slot.customer, now, but=decision):
            return "withdrawn"
        until = getattr(self, "quiet_until", now)
        if until <= now:
            return "go"
        return "withdrawn" if until >= expires_at else max(until, now + SOON)

    def keep_back(self, decision):
        """Let the model do what stands against the message."""
        said = self.model_error(decision)
        if said == "withdrawn":
            self.model.withdraw(decision)
        elif said not in ("go", "stopped"):
            self.model.messages[decision].put_off(said)
        return said

    def agree_on_kept_back(self, asked, said):
        assert (asked.withdrawn is not None) == (said == "withdrawn")
        assert asked.put_off is None or asked.put_off.until == said
        assert (asked == LeaseResult()) == (said == "stopped")

    @rule(target=handings, decision=Histories.decisions, executor=st.sampled_from(["one", "two"]))
    def hand_over(self, decision, executor):
        message, now = self.model.messages[decision], self.clock.now
        there = message.waits and message.ready_at <= now
        asked = wait(self.ledger.outbox.lease(f"execute:{decision}", executor, LEASE, self.check))
        said = self.keep_back(decision) if there else "stopped"
        if said != "go":
            assert asked.handed is None
            self.agree_on_kept_back(asked, said)
            return multiple()
        message.attempts += 1
        message.unsettled += 1
        message.ready_at, message.holder = now + LEASE, executor
        assert (asked.handed.fence, asked.handed.leased_until) == (message.attempts, message.ready_at)
        return decision, message.attempts

    @rule(handing=handings, said=SAID, minutes=st.sampled_from([0, 30]))
    def settle(self, handing, said, minutes):
        decision, fence = handing
        message, slot = self.model.messages[decision], self.model.slots[decision]
        result, certain, retry = said
        again = self.clock.now + timedelta(minutes=minutes) if retry else None
        told = DeliveryResult(result, result == "delivered", certain, again, "in vain")
        settled = wait(self.ledger.outbox.settle(f"execute:{decision}", fence, told))
        assert settled.new == (fence not in message.told)
        if settled.new:
            message.told.add(fence)
            message.unsettled -= certain
            self.settle_in_model(decision, message, slot, fence, told)
        assert settled.state == message.stands(self.clock.now)

    def settle_in_model(self, decision, message, slot, fence, told):
        if message.fate == "withdrawn" and told.certainly_not_taken and not message.unsettled:
            slot.free()
            self.model.raised(slot.customer)
        elif message.waits and told.delivered:
            message.close("delivered")
        elif message.waits and fence == message.attempts:
            if told.again is None:
                self.model.withdraw(decision)
            else:
                message.put_off(told.again)

    @rule(decision=Histories.decisions)
    def settle_what_was_never_handed(self, decision):
        fence = self.model.messages[decision].attempts + 1
        try:
            wait(self.ledger.outbox.settle(f"execute:{decision}", fence, DeliveryResult("delivered", delivered=True)))
        except Conflict:
            return
        raise AssertionError("it was taken down")

    @rule(decision=Histories.decisions)
    def take_for_good(self, decision):
        message, now = self.model.messages[decision], self.clock.now
        fate, held = message.fate, message.held(now)
        try:
            said = wait(self.ledger.outbox.mark_delivered(f"execute:{decision}", self.check))
        except Conflict:
            assert held or fate == "withdrawn"
            return
        assert not held
        assert fate != "withdrawn"
        if fate == "delivered":
            assert said == DeliveryConfirmation(new=False)
            return
        expected = self.keep_back(decision)
        if expected == "go":
            assert said == DeliveryConfirmation(new=True)
            message.close("delivered")
        else:
            assert isinstance(said.refusal, Refused)
            self.agree_on_kept_back(said.held_back, expected)

    @rule()
    def expire(self):
        now = self.clock.now
        due = [
            name
            for name, one in self.model.messages.items()
            if one.waits and one.created_at <= now - PATIENCE and not one.held(now)
        ]
        assert sorted(self.ledger.outbox.overdue(PATIENCE, 100)) == sorted(f"execute:{name}" for name in due)
        for name in due:
            assert (
                wait(self.ledger.outbox.recheck_waiting(f"execute:{name}", self.check)).withdrawn.rule == "heed-expired"
            )
            self.model.withdraw(name)

    @invariant()
    def every_message_stands_where_the_model_says(self):
        if not hasattr(self, "ledger"):
            return
        for name, one in self.model.messages.items():
            found = self.ledger.outbox.state(f"execute:{name}")
            slot = self.model.slots[name]
            assert (found.state, found.slot_counts) == (one.stands(self.clock.now), slot.state.value != "released")
            assert len(found.attempts) == one.attempts
            assert slot.customer != ERASED or found.state != "waiting"


class OutboxHistoriesOnPostgres(OutboxHistories):
    database = POSTGRESQL


TestOutboxHistories = OutboxHistories.TestCase
TestOutboxHistories.settings = bounded
TestOutboxHistoriesOnPostgres = OutboxHistoriesOnPostgres.TestCase
TestOutboxHistoriesOnPostgres.settings = fewer
