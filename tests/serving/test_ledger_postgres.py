"""What is particular to a ledger in PostgreSQL: its key, its shape, its locks, and a database that is slow or gone."""

import asyncio
import socket
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from types import SimpleNamespace

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, func, select

from decisioning.customer import ContactPoint
from decisioning.errors import InvalidInput, Unavailable
from serving.errors import InFlight
from serving.ledger.reviews.cases import Execution
from serving.ledger.facts.intake import add_customer
from serving.ledger.ledger import Ledger
from serving.ledger.migrating import upgrade
from serving.ledger.opening import open_ledger
from serving.ledger.rights.rights.locking import of_customers
from serving.ledger.postgres import database
from serving.ledger.postgres.database import PostgresDatabase
from serving.ledger.postgres.limits import Limits
from serving.ledger.postgres.transacting import PostgresTransaction
from serving.ledger.postgres.trusting import ALLOWANCE, Server
from serving.ledger.postgres.watching import Watch
from serving.ledger.postgres.writing import number
from serving.ledger.queries.customers import RAISE_VERSION
from serving.ledger.records import ReviewDraft
from serving.ledger.outbox.releasing import GO, Check
from serving.ledger.reports import ConsentReport, CustomerReport, ObjectionReport, OutcomeReport, SignalReport
from serving.ledger.operations.stopping import Order
from serving.ledger.store.location import PostgresLocation
from serving.ledger.store.locks import nothing
from serving.ledger.tables.chains import APPEND_ONLY
from serving.ledger.tables.happenings import signals
from serving.ledger.tables.schema import SCHEMA
from tests.serving import postgres
from tests.serving.ledger_cases import MAIL, NOON, act, hold, review, wait

COUNTED = select(func.count()).select_from(signals)
PASSES = Check(lambda _: GO, None, timedelta(days=1), most_attempts=3)
HASTY = Limits(writers=4, readers=2, connect=1.0, statement=1.0, silence=0.5, job=5.0)


@pytest.fixture
def url():
    with postgres.lent() as found:
        yield found


@pytest.fixture
def ledger(url, clock):
    with open_ledger(url, clock=clock, key=postgres.KEY) as opened:
        yield opened


@pytest.fixture
def hasty(url, clock):
    with Ledger(PostgresDatabase.open(PostgresLocation(url), clock=clock, key=postgres.KEY, limits=HASTY)) as opened:
        yield opened


@contextmanager
def empty():
    found = postgres.empty_database()
    try:
        yield found
    finally:
        postgres.drop(found)


def run(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement)


class TestTheKey:
    def test_it_must_be_set(self, url):
        with pytest.raises(Unavailable, match=r"needs its key .*`HEED_LEDGER_KEY`; set it to a secret of your own"):
            open_ledger(url)

    @pytest.mark.usefixtures("ledger")
    @pytest.mark.parametrize("readonly", [False, True], ids=["opened to write", "opened to read"])
    def test_another_than_the_ledger_was_begun_with_is_refused(self, url, readonly):
        with pytest.raises(Unavailable, match=r"the ledger has another key .*; set it to the key that the ledger has"):
            open_ledger(url, key="sixteen letters or more", readonly=readonly)


class TestShape:
    def test_a_database_without_a_ledger_is_refused_until_it_is_made_ready(self):
        with empty() as url:
            with pytest.raises(Unavailable, match=r"the database holds no ledger .*run `heed db upgrade`") as raised:
                open_ledger(url, key=postgres.KEY)
            assert "postgres:@" not in str(raised.value)
            upgrade(url)
            upgrade(url)
            with open_ledger(url, key=postgres.KEY) as opened:
                assert opened.empty()

    def test_a_database_of_another_shape_is_refused(self, url):
        run(url, "UPDATE alembic_version SET version_num = '0000'")
        try:
            with pytest.raises(Unavailable, match=r"shape 0000 where \d{4} is needed .*run `heed db upgrade`"):
                open_ledger(url, key=postgres.KEY)
        finally:
            upgraded = max(path.name[1:5] for path in postgres.STEPS.glob("v*.py"))
            run(url, f"UPDATE alembic_version SET version_num = '{upgraded}'")

    @pytest.mark.parametrize("table", [one.name for one in APPEND_ONLY])
    @pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {} = {}"])
    def test_the_record_takes_no_change(self, ledger, url, table, change):
        wait(ledger.commit(review("d1")))
        wait(ledger.record_objections([ObjectionReport(NOON, "ada")]))
        wait(ledger.stop(Order("a test", "ann")))
        wait(ledger.erase("ada"))
        column = next(iter(SCHEMA.tables[table].columns)).name
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=f"{table} is append-only"):
            run(url, change.format(table, column, column))

    def test_the_steps_end_in_the_tables_as_declared(self, url):
        engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), SCHEMA) == []

    def test_a_step_that_fails_leaves_the_database_as_it_was(self):
        with empty() as url:
            run(url, "CREATE TABLE outbox (something_else text)")
            with pytest.raises(Unavailable, match=r'42P07 DuplicateTable: relation "outbox" already exists'):
                upgrade(url)
            tables = run(url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
            assert tables.fetchall() == [("outbox",)]

    @pytest.mark.usefixtures("ledger")
    def test_every_name_is_compared_byte_for_byte(self, url):
        found = run(
            url,
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
        )
        assert found.fetchall() == []


class TestTurns:
    def test_a_job_waits_for_the_one_that_holds_its_customer_and_reads_the_time_when_it_is_its_turn(
        self, ledger, url, clock
    ):
        seen = []
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", (number("customer:ada"),))
            waiting = threading.Thread(
                target=lambda: wait(ledger._database.write(lambda _, now: seen.append(now), of_customers("ada")))
            )
            waiting.start()
            waiting.join(0.3)
            assert seen == []
            later = clock.advance(hours=1)
        waiting.join(10)
        assert seen == [later]

    def test_other_customers_do_not_wait(self, ledger, url):
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", (number("customer:ada"),))
            assert wait(ledger.commit(hold("d1", "bob"))).decision_id == "d1"

    def test_a_customer_who_is_merged_while_a_job_waits_is_locked_under_the_new_id_too(self, ledger, url):
        wait(ledger.record_customers([CustomerReport("ada"), CustomerReport("bob")]))
        report = SignalReport("s1", "ada", NOON, "click")
        done = []
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", (number("customer:ada"),))
            waiting = threading.Thread(target=lambda: done.append(wait(ledger.record_signals([report]))))
            waiting.start()
            waiting.join(0.3)
            other.execute("UPDATE customers SET merged_into = 'bob' WHERE customer_id = 'ada'")
            # The next in turn for the new id, before the old one is free.
            second = psycopg.connect(url)
            second.execute("SELECT pg_advisory_xact_lock(%s)", (number("customer:bob"),))
        waiting.join(0.3)
        assert done == []
        second.close()
        waiting.join(10)
        assert len(ledger.known("bob").customer.signals) == 1

    def test_who_shares_a_lock_waits_only_for_whoever_wants_it_alone(self, ledger):
        together, order = threading.Barrier(2, timeout=10), []

        def sharing(name):
            def job(transaction, now):  # noqa: ARG001 - a job's shape
                together.wait()
                order.append(name)

            return job

        async def three():
            shared = [ledger._database.write(sharing(one), lambda _: ("shared:x",)) for one in ("a", "b")]
            alone = ledger._database.write(lambda *_: order.append("alone"), lambda _: ("x", "shared:x"))
            await asyncio.gather(*shared, alone)

        wait(three())
        assert sorted(order) == ["a", "alone", "b"]
        assert order[1] != "alone"

    def test_an_objection_and_a_report_of_its_contact_point_at_once_meet(self, ledger):
        """Whichever comes first, whoever has the contact point is struck."""

        async def at_once(n):
            point = ContactPoint(f"phone-{n}", "sms")
            await asyncio.gather(
                ledger.record_customers([CustomerReport(f"c{n}", contact_points=(point,))]),
                ledger.record_objections([ObjectionReport(NOON, contact_point=f"phone-{n}")]),
            )

        async def many():
            await asyncio.gather(*(at_once(n) for n in range(25)))

        wait(many())
        assert [n for n in range(25) if not ledger.known(f"c{n}").customer.objections] == []

    def test_one_id_sent_for_two_customers_at_once_is_taken_once(self, ledger):
        async def both():
            reports = [SignalReport("s1", who, NOON, "click") for who in ("ada", "bob")]
            return await asyncio.gather(*(ledger.record_signals([one]) for one in reports), return_exceptions=True)

        outcomes = wait(both())
        assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "Receipted"]

    def test_more_customers_than_locks_are_taken_at_once_all_the_same(self, ledger):
        reports = [SignalReport(f"s{n}", f"c{n}", NOON, "click") for n in range(1001)]
        assert wait(ledger.record_signals(reports)).accepted == 1001

    def test_a_deadlock_is_run_again(self, ledger):
        """Two jobs that lock rows in opposite order, as no job of the ledger does by itself."""
        wait(ledger.record_customers([CustomerReport("ada"), CustomerReport("bob")]))
        tries, met = [], threading.Barrier(2, timeout=10)

        def locking(first, second):
            def job(transaction, now):  # noqa: ARG001 - a job's shape
                tries.append(first)
                for place, who in enumerate((first, second)):
                    if place and len(tries) <= 2:
                        met.wait()
                    transaction.run(RAISE_VERSION, {"customer_id": who})

            return job

        async def both():
            jobs = (locking("ada", "bob"), locking("bob", "ada"))
            await asyncio.gather(*(ledger._database.write(one, nothing) for one in jobs))

        wait(both())
        # The one that was undone may be quick enough to meet the other once more.
        assert len(tries) > 2
        assert ledger.known("ada").version == ledger.known("bob").version == 3


class TestFaults:
    def test_a_server_that_is_not_there_is_told_of_without_the_password(self):
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
        place = PostgresLocation(f"postgresql://heed:secret@127.0.0.1:{port}/heed")
        with pytest.raises(Unavailable, match="PostgreSQL cannot be reached") as raised:
            PostgresDatabase.open(place, key=postgres.KEY, limits=HASTY)
        assert "secret" not in str(raised.value)

    def test_a_server_that_says_nothing_is_given_up(self):
        with closing(socket.create_server(("127.0.0.1", 0))) as mute:
            place = PostgresLocation(f"postgresql://heed@127.0.0.1:{mute.getsockname()[1]}/heed")
            with pytest.raises(Unavailable, match="PostgreSQL cannot be reached"):
                PostgresDatabase.open(place, key=postgres.KEY, limits=HASTY)

    def test_a_connection_that_was_cut_while_it_was_idle_is_replaced(self, ledger, url):
        wait(ledger.commit(hold("d1")))
        run(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'heed'")
        assert ledger.decision("d1").decision_id == "d1"
        run(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'heed'")
        assert wait(ledger.commit(hold("d2"))).decision_id == "d2"
        ledger.healthy()

    def test_a_statement_that_takes_too_long_is_ended_and_nothing_is_recorded(self, hasty):
        def slow(transaction, now):
            add_customer(transaction, now, "ada")
            transaction.command("SET LOCAL statement_timeout = 100; SELECT pg_sleep(10)")

        with pytest.raises(Unavailable, match=r"57014 QueryCanceled.*PostgreSQL took too long"):
            wait(hasty._database.database.write(slow, nothing))
        assert not hasty.known("ada").exists
        hasty.healthy()

    def test_a_connection_that_falls_silent_is_cut(self, hasty):
        with pytest.raises(Unavailable, match="the ledger cannot be used"):
            hasty._database.read(lambda transaction: transaction.command("SELECT pg_sleep(0.9)"))
        hasty.healthy()

    def test_a_commit_that_nobody_answered_is_no_answer_and_a_retry_finds_what_became_of_it(self, ledger, monkeypatch):
        commit = PostgresTransaction.commit

        def lost_on_the_way_back(transaction):
            assert commit(transaction) == "COMMIT"
            raise psycopg.OperationalError("server closed the connection unexpectedly")

        with monkeypatch.context() as faulty:
            faulty.setattr(PostgresTransaction, "commit", lost_on_the_way_back)
            with pytest.raises(Unavailable, match=r"did not say whether .* ask again with the same Idempotency-Key"):
                wait(ledger.commit(act("d1", idempotency_key="key")))
        again = wait(ledger.commit(act("d2", idempotency_key="key")))
        assert (again.decision_id, again.replayed) == ("d1", True)

    def test_what_the_database_cannot_hold_is_the_senders_fault(self, ledger):
        with pytest.raises(InvalidInput, match="holds what no database takes; leave out NUL"):
            wait(ledger.record_outcomes([OutcomeReport("o1", "ada", "a\0b", NOON)]))

    def test_no_value_of_a_row_is_in_an_error(self, ledger):
        broken = ConsentReport("c1", "ada-is-secret", "email", "offers", SimpleNamespace(value="maybe"), NOON)
        with pytest.raises(InvalidInput, match="breaks a rule of the ledger: `consent_status`") as raised:
            wait(ledger.record_consents([broken]))
        assert "ada-is-secret" not in str(raised.value)

    def test_a_closed_ledger_takes_nothing(self, ledger):
        ledger.close()
        with pytest.raises(Unavailable, match="the ledger is closed"):
            wait(ledger.commit(hold("d1")))
        with pytest.raises(Unavailable, match="the ledger is closed"):
            ledger.healthy()

    @pytest.mark.usefixtures("ledger")
    def test_a_reader_refuses_to_write(self, url):
        with open_ledger(url, key=postgres.KEY, readonly=True) as reader:
            reader.healthy()
            with pytest.raises(Unavailable, match="the ledger was opened for reading only"):
                wait(reader.commit(hold("d1")))
            with pytest.raises(Unavailable, match="25006 ReadOnlySqlTransaction"):
                reader._database.read(lambda transaction: transaction.command("DELETE FROM signals"))


class TestTrust:
    @pytest.mark.parametrize(
        ("setting", "session"),
        [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")],
        ids=["a server that does not wait", "one that waits for its own disk", "one that waits for its replicas"],
    )
    def test_each_commit_waits_for_the_disk_whatever_the_server_says(self, url, setting, session):
        with told(url, f"-c synchronous_commit={setting} -c {ALLOWANCE}=on") as ledger:
            assert shown(ledger, "synchronous_commit") == setting
        with told(url, f"-c synchronous_commit={setting} -c {ALLOWANCE}=off", trusting=True) as ledger:
            assert shown(ledger, "synchronous_commit") == session

    @pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
    def test_a_server_that_may_lose_what_it_committed_is_refused(self, url, setting, monkeypatch):
        keeps = Server(read_only=False, fsync=True, full_page_writes=True, loss_allowed=False, now=0)
        monkeypatch.setattr(database, "look", lambda _: replace(keeps, **{setting: False}))
        with pytest.raises(Unavailable, match=f"runs with `{setting} = off` .*set `{setting} = on` in postgresql.conf"):
            open_ledger(url, key=postgres.KEY)

    def test_the_server_of_the_tests_is_refused_once_it_does_not_say_that_it_is_one(self, url):
        with pytest.raises(Unavailable, match="PostgreSQL runs with `fsync = off`"), told(url, f"-c {ALLOWANCE}=off"):
            pass


class TestTime:
    """The clock of a host is held against the server's, by which all hosts judge alike."""

    @pytest.fixture
    def watch(self):
        return Skewed()

    @pytest.fixture
    def timed(self, url, watch):
        with open_ledger(url, clock=watch, key=postgres.KEY, limits=Limits(skew=5.0)) as opened:
            yield opened

    @pytest.mark.parametrize(
        ("seconds", "said"),
        [(-60, r"(59|60)\.\d seconds behind PostgreSQL's"), (60, r"6\d\.\d seconds ahead of PostgreSQL's")],
        ids=["behind", "ahead"],
    )
    def test_nothing_is_decided_approved_or_handed_over_by_a_clock_that_is_far_off(self, timed, watch, seconds, said):
        wait(timed.commit(act("d1", "ada")))
        case = ReviewDraft("case-d2", watch() + timedelta(hours=1))
        wait(timed.commit(review("d2", "bob", review=case)))
        fence = wait(timed.claim("case-d2", "ann")).fence
        watch.off = timedelta(seconds=seconds)
        with pytest.raises(Unavailable, match=said):
            wait(timed.commit(hold("d3")))
        with pytest.raises(Unavailable, match=said):
            wait(timed.approve("case-d2", "ann", fence, execution=Execution("s", MAIL), allowed=lambda _: None))
        with pytest.raises(Unavailable, match=said):
            wait(timed.hand_over("execute:d1", "press", timedelta(minutes=1), PASSES))
        with pytest.raises(Unavailable, match=rf"{said}.*set both clocks by NTP"):
            timed.healthy()
        assert [one.decision_id for one in timed.decisions()] == ["d2", "d1"]

    def test_facts_are_taken_and_orders_to_stop_obeyed_whatever_the_clock(self, timed, watch):
        watch.off = timedelta(hours=1)
        assert wait(timed.record_signals([SignalReport("s1", "ada", NOON, "click")])).accepted == 1
        assert len(wait(timed.stop(Order("a test", "ann")))) == 1

    def test_a_moment_is_no_skew(self, timed, watch):
        watch.off = timedelta(seconds=1)
        assert wait(timed.commit(hold("d1"))).decision_id == "d1"
        timed.healthy()


class TestWaysThereAndBack:
    """What the ledger costs on a slow line: how often it waits for the server."""

    @pytest.fixture
    def waits(self, monkeypatch):
        counted, over = [], Watch.over
        monkeypatch.setattr(Watch, "over", lambda watch, one: counted.append(one) or over(watch, one))
        return counted

    @pytest.mark.parametrize("draft", [act, review, hold], ids=["an act", "a review", "a hold"])
    def test_a_decision_is_recorded_in_two_and_the_key_of_a_new_customer_in_one_more(self, ledger, waits, draft):
        wait(ledger.commit(act("before")))
        waits.clear()
        wait(ledger.commit(draft("d1", seen_version=1, idempotency_key="key")))
        assert len(waits) == 2
        waits.clear()
        wait(ledger.commit(draft("d2", "bob", idempotency_key="another")))
        assert len(waits) == 3

    def test_what_is_known_of_a_customer_is_read_in_one(self, ledger, waits):
        wait(ledger.record_signals([SignalReport("s1", "ada", NOON, "click")]))
        waits.clear()
        assert ledger.known("ada").exists
        assert not ledger.known("bob").exists
        assert len(waits) == 2

    @pytest.mark.parametrize("many", [1, 300])
    def test_facts_of_customers_on_record_are_taken_in_eight_however_many_they_are(self, ledger, waits, many):
        for one in ("ada", "bob"):
            wait(ledger.record_signals([SignalReport(f"first of {one}", one, NOON, "click")]))
        waits.clear()
        told = [SignalReport(f"{one} {n}", one, NOON, "click") for one in ("ada", "bob") for n in range(many)]
        assert wait(ledger.record_signals(told)).accepted == 2 * many
        assert len(waits) == 8

    def test_an_act_within_limits_for_all_is_recorded_in_three(self, ledger, waits):
        wait(ledger.commit(act("before")))
        waits.clear()
        wait(ledger.commit(act("d1", seen_version=1, windows=(timedelta(days=7),), still_allowed=lambda *_: True)))
        assert len(waits) == 3


class TestKeysInFlight:
    def test_a_key_is_held_over_all_workers_until_it_is_let_go(self, ledger, url):
        with open_ledger(url, key=postgres.KEY) as other:

            async def both():
                async with ledger.answering("shop", "key"):
                    with pytest.raises(InFlight, match="being answered"):
                        await enter(other)
                await until_free(other)

            wait(both())

    def test_a_worker_that_dies_lets_go_of_its_keys(self, ledger, url):
        with open_ledger(url, key=postgres.KEY) as other:

            async def dies():
                async with other.answering("shop", "key"):
                    run(url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
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
        with open_ledger(url, key=postgres.KEY) as other:
            wait(until_free(other))


@contextmanager
def told(url, options, *, trusting=False):
    """A ledger whose sessions have these settings."""
    place = PostgresLocation(psycopg.conninfo.make_conninfo(url, options=options))
    with pytest.MonkeyPatch.context() as patched:
        if trusting:
            patched.setattr(database, "require_durable", lambda _: None)
        with Ledger(PostgresDatabase.open(place, key=postgres.KEY)) as opened:
            yield opened


def shown(ledger, setting):
    return ledger._database.read(lambda one: one.rows(select(func.current_setting(setting)), {}))[0][0]


class Skewed:
    """The system's clock, as far off as a test says."""

    off = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.off


async def enter(ledger):
    async with ledger.answering("shop", "key"):
        pass


async def until_free(ledger):
    """What one worker lets go of is free for others in a moment."""
    deadline = monotonic() + 20
    while monotonic() < deadline:
        try:
            return await enter(ledger)
        except InFlight:
            await asyncio.sleep(0.01)
    raise AssertionError("the key is still held")


def test_reading_aside_does_not_hold_up_the_event_loop(ledger):
    async def both():
        gate = threading.Event()
        reading = asyncio.ensure_future(ledger.aside(lambda: gate.wait(10)))
        await asyncio.sleep(0)
        gate.set()
        return await reading

    assert wait(both())


def test_a_read_sees_one_moment_even_while_facts_arrive(ledger):
    def read_twice(transaction):
        before = transaction.rows(COUNTED, {})
        wait(ledger.record_signals([SignalReport("s", "a", NOON, "x")]))
        return before == transaction.rows(COUNTED, {})

    assert ledger._database.read(read_twice)
    assert len(ledger.known("a").customer.signals) == 1


def test_a_caller_that_is_cancelled_does_not_stop_its_commit(ledger):
    async def give_up():
        commit = asyncio.ensure_future(ledger.commit(act("d1")))
        await asyncio.sleep(0)
        commit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await commit

    wait(give_up())
    deadline = monotonic() + 20
    while not ledger.decisions() and monotonic() < deadline:
        sleep(0.01)
    assert [one.decision_id for one in ledger.decisions()] == ["d1"]
