import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from heed.decisioning.customer import ConsentStatus, ContactState
from heed.decisioning.decision import Disposition
from heed.decisioning.errors import KeyReused, NotFound
from heed.serving.errors import RequestInFlight, StaleFacts
from heed.serving.ledger.decisions.idempotency import CommitResult
from heed.serving.ledger.decisions.read import DecisionRecord
from heed.serving.ledger.facts.reports import ConsentReport, SignalReport
from heed.serving.ledger.outbox import OutboxMessage
from heed.serving.ledger.reviews import NewReview
from tests.support.ledger_builders import (
    MAIL,
    NOON,
    act,
    act_within_cap,
    count_contacts,
    hold,
    review,
    states,
    wait,
)


def test_a_hold_is_recorded_and_takes_nothing(ledger):
    assert wait(ledger.decisions.commit(hold("d1"))) == CommitResult("d1", b'{"decision_id":"d1"}', replayed=False)
    assert ledger.decisions.get("d1") == DecisionRecord(
        decision_id="d1",
        at=NOON,
        client="shop",
        idempotency_key=None,
        customer_id="ada",
        disposition=Disposition.HOLD,
        action_id=None,
        proposed_action_id=None,
        model_version="7",
        policy_hash="abc",
        kept=b'{"decision_id":"d1"}',
        contact_state=None,
        review_id=None,
    )
    assert ledger.decisions.receipt("d1") == b"receipt of d1"
    assert not ledger.customers.snapshot("ada").exists
    assert (ledger.outbox.ready(), ledger.reviews.list()) == ((), ())


def test_an_act_takes_a_slot_and_hands_its_message_to_the_outbox(ledger, clock):
    at = clock.advance(seconds=3)
    wait(ledger.decisions.commit(act("d1")))
    known = ledger.customers.snapshot("ada")
    assert known.customer.contacts == (replace(MAIL, at=at, state=ContactState.RESERVED),)
    assert known.version == 1
    message = OutboxMessage("execute:d1", "d1", "slot-d1", "spring_sale", "execute", "send for d1", at)
    assert ledger.outbox.ready() == (message,)
    assert ledger.decisions.get("d1").contact_state is ContactState.RESERVED


def test_an_act_without_a_message_takes_its_slot_all_the_same(ledger):
    wait(ledger.decisions.commit(act("d1", outbox=None)))
    assert ledger.outbox.ready() == ()
    assert states(ledger.customers.snapshot("ada").customer) == [ContactState.RESERVED]


def test_a_review_opens_a_case_and_takes_nothing(ledger):
    wait(ledger.decisions.commit(review("d1")))
    assert ledger.decisions.get("d1").review_id == "case-d1"
    assert not ledger.customers.snapshot("ada").exists
    assert ledger.outbox.ready() == ()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(
            {"disposition": Disposition.ACT}, "an act, and nothing else, takes a slot; this is `act`", id="act"
        ),
        pytest.param(
            {"reservation": MAIL, "reservation_id": "s"}, "an act, and nothing else, .* this is `hold`", id="hold"
        ),
        pytest.param({"disposition": Disposition.REVIEW}, "a review, and nothing else, opens a case", id="no case"),
        pytest.param({"review": NewReview("r", NOON)}, "a review, .* opens a case; this is `hold`", id="a case"),
        pytest.param({"outbox": "{}"}, "only an act is handed to an executor; this is `hold`", id="a message"),
    ],
)
def test_a_draft_that_contradicts_itself_cannot_be_made(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        hold("d1", **change)


class TestKeys:
    def test_the_same_request_under_the_same_key_gets_the_same_answer(self, ledger):
        wait(ledger.decisions.commit(act("d1", idempotency_key="key")))
        again = wait(ledger.decisions.commit(act("d2", idempotency_key="key")))
        assert again == CommitResult("d1", b'{"decision_id":"d1"}', replayed=True)
        assert len(ledger.customers.snapshot("ada").customer.contacts) == 1
        with pytest.raises(NotFound, match="no such decision in `decision_id`: `d2`"):
            ledger.decisions.get("d2")

    def test_a_replay_needs_no_fresh_facts(self, ledger):
        wait(ledger.decisions.commit(hold("d1", idempotency_key="key")))
        wait(ledger.facts.record_signals([SignalReport("s", "ada", NOON, "click")]))
        again = wait(ledger.decisions.commit(hold("d2", idempotency_key="key", still_allowed=lambda *_: False)))
        assert again.decision_id == "d1"

    def test_another_request_under_the_same_key_is_refused(self, ledger):
        wait(ledger.decisions.commit(hold("d1", idempotency_key="key")))
        with pytest.raises(KeyReused, match="used for another request in `Idempotency-Key`: `key`; send a new key"):
            wait(ledger.decisions.commit(hold("d2", idempotency_key="key", fingerprint="asked otherwise")))

    def test_keys_belong_to_clients(self, ledger):
        wait(ledger.decisions.commit(hold("d1", idempotency_key="key")))
        assert not wait(ledger.decisions.commit(hold("d2", idempotency_key="key", client="app"))).replayed

    def test_without_a_key_every_request_is_new(self, ledger):
        assert not any(wait(ledger.decisions.commit(hold(one))).replayed for one in ("d1", "d2"))

    def test_the_stored_answer_can_be_asked_for_before_deciding(self, ledger):
        assert ledger.idempotency_keys.find("shop", "key", "asked") is None
        wait(ledger.decisions.commit(hold("d1", idempotency_key="key")))
        assert ledger.idempotency_keys.find("shop", "key", "asked").answer == b'{"decision_id":"d1"}'
        with pytest.raises(KeyReused, match="the key was used for another request"):
            ledger.idempotency_keys.find("shop", "key", "asked otherwise")

    def test_one_key_sent_many_times_at_once_makes_one_decision(self, ledger):
        async def all_at_once():
            drafts = [act(f"d{n}", idempotency_key="key") for n in range(20)]
            return await asyncio.gather(*(ledger.decisions.commit(one) for one in drafts))

        answers = wait(all_at_once())
        assert len({one.decision_id for one in answers}) == 1
        assert sum(not one.replayed for one in answers) == 1


class TestKeysInFlight:
    async def first_and_second(self, ledger, second):
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def first():
            async with ledger.idempotency_keys.hold("shop", "key"):
                begun.set()
                await go_on.wait()

        answering = asyncio.ensure_future(first())
        await begun.wait()
        try:
            return await second()
        finally:
            go_on.set()
            await answering

    def test_a_second_request_under_the_key_is_told_that_the_first_is_being_answered(self, ledger):
        async def second():
            async with ledger.idempotency_keys.hold("shop", "key"):
                pass

        with pytest.raises(RequestInFlight, match="under this key is being answered in `Idempotency-Key`; ask again"):
            wait(self.first_and_second(ledger, second))
        wait(second())

    @pytest.mark.parametrize(("client", "key"), [("shop", "other"), ("app", "key")])
    def test_other_keys_and_other_clients_are_not(self, ledger, client, key):
        async def second():
            async with ledger.idempotency_keys.hold(client, key):
                return "answered"

        assert wait(self.first_and_second(ledger, second)) == "answered"

    def test_what_fails_lets_go_of_its_key(self, ledger):
        async def breaks():
            async with ledger.idempotency_keys.hold("shop", "key"):
                raise ArithmeticError("in the model")

        for _ in range(2):
            with pytest.raises(ArithmeticError, match="in the model"):
                wait(breaks())


class TestFreshness:
    def test_a_decision_on_facts_that_have_changed_is_refused(self, ledger):
        seen = ledger.customers.snapshot("ada").version
        withdrawal = ConsentReport("c", "ada", "email", "offers", ConsentStatus.WITHDRAWN, NOON)
        wait(ledger.facts.record_consents([withdrawal]))
        with pytest.raises(StaleFacts, match="the customer's facts changed from version 0 to 1"):
            wait(ledger.decisions.commit(act("d1", seen_version=seen)))
        assert ledger.decisions.list() == ()
        assert ledger.customers.snapshot("ada").customer.contacts == ()

    def test_a_decision_that_time_has_overtaken_is_refused(self, ledger, clock):
        closing_time = NOON + timedelta(hours=8)
        late = act("d1", still_allowed=lambda now, _: now < closing_time)
        clock.advance(hours=8)
        with pytest.raises(StaleFacts, match="the decision no longer holds at this moment"):
            wait(ledger.decisions.commit(late))
        assert ledger.decisions.list() == ()

    def test_the_second_look_sees_the_ledgers_own_clock(self, ledger, clock):
        seen = []
        at = clock.advance(minutes=1)
        wait(ledger.decisions.commit(act("d1", still_allowed=lambda now, _: seen.append(now) is None)))
        assert seen == [at]

    def test_a_second_look_that_breaks_records_nothing(self, ledger):
        with pytest.raises(ZeroDivisionError, match="division by zero"):
            wait(ledger.decisions.commit(act("d1", still_allowed=lambda *_: 1 / 0)))
        assert ledger.decisions.list() == ()

    def test_of_two_decisions_on_one_version_only_one_takes_a_slot(self, ledger):
        wait(ledger.decisions.commit(act("d1")))
        with pytest.raises(StaleFacts, match="from version 0 to 1"):
            wait(ledger.decisions.commit(act("d2")))

    def test_another_customers_facts_do_not_matter(self, ledger):
        wait(ledger.decisions.commit(act("d1", "bob")))
        assert not wait(ledger.decisions.commit(act("d2", "ada"))).replayed


def test_a_cap_holds_under_many_tasks_at_once(ledger):
    async def press():
        tries = (act_within_cap(ledger, f"{who}-{n}", who, cap=3) for n in range(16) for who in ("ada", "bob"))
        return await asyncio.gather(*tries)

    assert sum(one is not None for one in wait(press())) == 6
    for who in ("ada", "bob"):
        assert count_contacts(ledger.customers.snapshot(who).customer.contacts, NOON, timedelta(days=7)) == 3


class TestReadingBack:
    @pytest.fixture
    def many(self, ledger):
        for n in range(3):
            wait(ledger.decisions.commit(hold(f"a{n}", at=NOON + timedelta(minutes=n))))
            wait(ledger.decisions.commit(hold(f"b{n}", "bob", at=NOON + timedelta(minutes=n))))
        return ledger

    def ids(self, decisions):
        return [one.decision_id for one in decisions]

    def test_decisions_of_a_customer_are_newest_first(self, many):
        assert self.ids(many.decisions.list("ada")) == ["a2", "a1", "a0"]

    def test_pages_follow_one_another_even_at_equal_times(self, many):
        seen, last = [], None
        while page := many.decisions.list(limit=2, before=last):
            seen += self.ids(page)
            last = seen[-1]
        assert seen == ["b2", "a2", "b1", "a1", "b0", "a0"]
        assert self.ids(many.decisions.list("bob", limit=1, before="b2")) == ["b1"]

    def test_a_page_before_nothing_is_not_found(self, many):
        with pytest.raises(NotFound, match="no such decision in `decision_id`: `gone`"):
            many.decisions.list("ada", before="gone")

    def test_a_missing_receipt_is_not_found(self, many):
        with pytest.raises(NotFound, match="no such decision in `decision_id`: `gone`"):
            many.decisions.receipt("gone")

    def test_an_answer_comes_back_byte_for_byte(self, ledger):
        answer = '{"reasons":["Größe, 5 €, \\u2028"]}'.encode()
        wait(ledger.decisions.commit(hold("d1", answer=answer, receipt=bytes(range(256)))))
        assert (ledger.decisions.get("d1").answer, ledger.decisions.receipt("d1")) == (answer, bytes(range(256)))


class TestOutbox:
    def test_messages_wait_oldest_first_until_they_are_delivered(self, ledger, clock):
        wait(ledger.decisions.commit(act("d2")))
        clock.advance(seconds=1)
        wait(ledger.decisions.commit(act("d1", "bob")))
        assert [one.decision_id for one in ledger.outbox.ready()] == ["d2", "d1"]
        assert [one.decision_id for one in ledger.outbox.ready(1)] == ["d2"]
        assert wait(ledger.outbox.mark_delivered("execute:d2")).new
        assert [one.decision_id for one in ledger.outbox.ready()] == ["d1"]

    def test_a_message_is_delivered_once(self, ledger):
        wait(ledger.decisions.commit(act("d1")))
        assert [wait(ledger.outbox.mark_delivered("execute:d1")).new for _ in range(2)] == [True, False]

    def test_a_message_that_never_was_is_not_found(self, ledger):
        with pytest.raises(NotFound, match="no such message in the outbox in `outbox_id`: `execute:d9`"):
            wait(ledger.outbox.mark_delivered("execute:d9"))
