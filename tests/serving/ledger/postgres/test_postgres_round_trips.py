"""How often a ledger in PostgreSQL waits for the server."""

from datetime import timedelta

import pytest

from heed.serving.ledger.facts.reports import SignalReport
from heed.serving.ledger.postgres.stall_watchdog import StallWatchdog
from tests.support.ledger_builders import NOON, act, hold, review, wait


class TestWaysThereAndBack:
    """What the ledger costs on a slow line: how often it waits for the server."""

    @pytest.fixture
    def waits(self, monkeypatch):
        counted, watching = [], StallWatchdog.watching
        monkeypatch.setattr(StallWatchdog, "watching", lambda self, one: counted.append(one) or watching(self, one))
        return counted

    @pytest.mark.parametrize("draft", [act, review, hold], ids=["an act", "a review", "a hold"])
    def test_a_decision_is_recorded_in_two_and_the_key_of_a_new_customer_in_one_more(self, ledger, waits, draft):
        wait(ledger.decisions.commit(act("before")))
        waits.clear()
        wait(ledger.decisions.commit(draft("d1", seen_version=1, idempotency_key="key")))
        assert len(waits) == 2
        waits.clear()
        wait(ledger.decisions.commit(draft("d2", "bob", idempotency_key="another")))
        assert len(waits) == 3

    def test_what_is_known_of_a_customer_is_read_in_one(self, ledger, waits):
        wait(ledger.facts.record_signals([SignalReport("s1", "ada", NOON, "click")]))
        waits.clear()
        assert ledger.customers.snapshot("ada").exists
        assert not ledger.customers.snapshot("bob").exists
        assert len(waits) == 2

    @pytest.mark.parametrize("many", [1, 300])
    def test_facts_of_customers_on_record_are_taken_in_eight_however_many_they_are(self, ledger, waits, many):
        for one in ("ada", "bob"):
            wait(ledger.facts.record_signals([SignalReport(f"first of {one}", one, NOON, "click")]))
        waits.clear()
        told = [SignalReport(f"{one} {n}", one, NOON, "click") for one in ("ada", "bob") for n in range(many)]
        assert wait(ledger.facts.record_signals(told)).accepted == 2 * many
        assert len(waits) == 8

    def test_an_act_within_limits_for_all_is_recorded_in_three(self, ledger, waits):
        wait(ledger.decisions.commit(act("before")))
        waits.clear()
        wait(
            ledger.decisions.commit(
                act("d1", seen_version=1, windows=(timedelta(days=7),), still_allowed=lambda *_: True)
            )
        )
        assert len(waits) == 3
