"""Who waits for whom, over all workers: jobs that touch one customer, requests under one key, and no reader."""

import asyncio
import threading
from time import monotonic

import psycopg
import pytest
from sqlalchemy import func, select

from heed.decisioning.customer import ContactPoint
from heed.serving.errors import RequestInFlight
from heed.serving.ledger.backend.database import no_locks
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.facts.customers import customer_locks, raise_version, version
from heed.serving.ledger.facts.reports import CustomerReport, ObjectionReport, SignalReport
from heed.serving.ledger.postgres.write_job import lock_number
from heed.serving.ledger.schema import signals
from tests.support import postgres_server
from tests.support.ledger_builders import NOON, hold, wait

COUNTED = select(func.count()).select_from(signals)
END_HOLDERS = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


async def enter(ledger):
    async with ledger.idempotency_keys.hold("shop", "key"):
        pass


async def until_free(ledger):
    """What one worker lets go of is free for others in a moment."""
    deadline = monotonic() + 20
    while monotonic() < deadline:
        try:
            return await enter(ledger)
        except RequestInFlight:
            await asyncio.sleep(0.01)
    raise AssertionError("the key is still held")


class TestTurns:
    def test_a_job_waits_for_the_one_that_holds_its_customer_and_reads_the_time_when_it_is_its_turn(
        self, ledger, url, clock
    ):
        seen = []
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number("customer:ada"),))
            waiting = threading.Thread(
                target=lambda: wait(
                    ledger._database.write(lambda _, now: seen.append(now), lambda one: customer_locks(one, ["ada"]))
                )
            )
            waiting.start()
            waiting.join(0.3)
            assert seen == []
            later = clock.advance(hours=1)
        waiting.join(10)
        assert seen == [later]

    def test_other_customers_do_not_wait(self, ledger, url):
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number("customer:ada"),))
            assert wait(ledger.decisions.commit(hold("d1", "bob"))).decision_id == "d1"

    def test_a_customer_who_is_merged_while_a_job_waits_is_locked_under_the_new_id_too(self, ledger, url):
        wait(ledger.facts.record_customers([CustomerReport("ada"), CustomerReport("bob")]))
        report = SignalReport("s1", "ada", NOON, "click")
        done = []
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number("customer:ada"),))
            waiting = threading.Thread(target=lambda: done.append(wait(ledger.facts.record_signals([report]))))
            waiting.start()
            waiting.join(0.3)
            other.execute("UPDATE customers SET merged_into = 'bob' WHERE customer_id = 'ada'")
            # The next in turn for the new id, before the old one is free.
            second = psycopg.connect(url)
            second.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number("customer:bob"),))
        waiting.join(0.3)
        assert done == []
        second.close()
        waiting.join(10)
        assert len(ledger.customers.snapshot("bob").customer.signals) == 1

    def test_who_shares_a_lock_waits_only_for_whoever_wants_it_alone(self, ledger):
        together, over, order = threading.Barrier(3, timeout=10), threading.Event(), []

        def sharing(name):
            def job(transaction, now):  # noqa: ARG001 - a job's shape
                together.wait()
                assert over.wait(10)
                order.append(name)

            return job

        async def three():
            shared = [ledger._database.write(sharing(one), lambda _: ("shared:x",)) for one in ("a", "b")]
            running = [asyncio.ensure_future(one) for one in shared]
            # Whoever wants it alone must not come between them: the second would wait behind.
            await asyncio.to_thread(together.wait)
            alone = ledger._database.write(lambda *_: order.append("alone"), lambda _: ("x", "shared:x"))
            running.append(asyncio.ensure_future(alone))
            await asyncio.sleep(0.3)
            over.set()
            await asyncio.gather(*running)

        wait(three())
        assert sorted(order[:2]) == ["a", "b"]
        assert order[2:] == ["alone"]

    def test_an_objection_and_a_report_of_its_contact_point_at_once_meet(self, ledger):
        """Whichever comes first, whoever has the contact point is struck."""

        async def at_once(n):
            point = ContactPoint(f"phone-{n}", "sms")
            await asyncio.gather(
                ledger.facts.record_customers([CustomerReport(f"c{n}", contact_points=(point,))]),
                ledger.facts.record_objections([ObjectionReport(NOON, contact_point=f"phone-{n}")]),
            )

        async def many():
            await asyncio.gather(*(at_once(n) for n in range(25)))

        wait(many())
        assert [n for n in range(25) if not ledger.customers.snapshot(f"c{n}").customer.objections] == []

    def test_one_id_sent_for_two_customers_at_once_is_taken_once(self, ledger):
        async def both():
            reports = [SignalReport("s1", who, NOON, "click") for who in ("ada", "bob")]
            return await asyncio.gather(
                *(ledger.facts.record_signals([one]) for one in reports), return_exceptions=True
            )

        outcomes = wait(both())
        assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "IngestResult"]

    def test_more_customers_than_locks_are_taken_at_once_all_the_same(self, ledger):
        reports = [SignalReport(f"s{n}", f"c{n}", NOON, "click") for n in range(1001)]
        assert wait(ledger.facts.record_signals(reports)).accepted == 1001

    def test_a_deadlock_is_run_again(self, ledger):
        """Two jobs that lock rows in opposite order, as no job of the ledger does by itself."""
        wait(ledger.facts.record_customers([CustomerReport("ada"), CustomerReport("bob")]))
        tries, met = [], threading.Barrier(2, timeout=10)

        def locking(first, second):
            def job(transaction, now):  # noqa: ARG001 - a job's shape
                tries.append(first)
                for place, who in enumerate((first, second)):
                    if place and len(tries) <= 2:
                        met.wait()
                    raise_version(transaction, who)
                    version(transaction, who)
                    version(transaction, who)

            return job

        async def both():
            jobs = (locking("ada", "bob"), locking("bob", "ada"))
            await asyncio.gather(*(ledger._database.write(one, no_locks) for one in jobs))

        wait(both())
        # The one that was undone may be quick enough to meet the other once more.
        assert len(tries) > 2
        assert ledger.customers.snapshot("ada").version == ledger.customers.snapshot("bob").version == 3


class TestKeysInFlight:
    def test_a_key_is_held_over_all_workers_until_it_is_let_go(self, ledger, url):
        with open_ledger(url, key=postgres_server.KEY) as other:

            async def both():
                async with ledger.idempotency_keys.hold("shop", "key"):
                    with pytest.raises(RequestInFlight, match="being answered"):
                        await enter(other)
                await until_free(other)

            wait(both())

    def test_a_worker_that_dies_lets_go_of_its_keys(self, ledger, url):
        with open_ledger(url, key=postgres_server.KEY) as other:

            async def dies():
                async with other.idempotency_keys.hold("shop", "key"):
                    postgres_server.run(
                        url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                    )
                    await until_free(ledger)

            wait(dies())

    def test_a_caller_that_is_cancelled_while_it_asks_holds_nothing(self, ledger, url):
        async def give_up():
            asking = asyncio.ensure_future(enter(ledger))
            await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

        wait(give_up())
        with open_ledger(url, key=postgres_server.KEY) as other:
            wait(until_free(other))


def test_reading_aside_does_not_hold_up_the_event_loop(ledger):
    async def both():
        gate = threading.Event()
        reading = asyncio.ensure_future(ledger.run_blocking(lambda: gate.wait(10)))
        await asyncio.sleep(0)
        gate.set()
        return await reading

    assert wait(both())


def test_a_read_sees_one_moment_even_while_facts_arrive(ledger):
    def read_twice(transaction):
        before = transaction.rows(COUNTED, {})
        wait(ledger.facts.record_signals([SignalReport("s", "a", NOON, "x")]))
        return before == transaction.rows(COUNTED, {})

    assert ledger._database.read(read_twice)
    assert len(ledger.customers.snapshot("a").customer.signals) == 1
