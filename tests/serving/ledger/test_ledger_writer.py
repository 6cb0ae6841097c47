import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from heed.decisioning.errors import InvalidInput, Unavailable
from heed.serving.ledger.backend.database import no_locks
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.facts.reports import SignalReport
from heed.serving.ledger.migrate import upgrade
from tests.support.ledger_builders import NOON, Clock, act, hold, new_ledger, wait


@pytest.fixture
def ledger(tmp_path):
    with new_ledger(tmp_path, Clock()) as opened:
        yield opened


def run_on_writer(ledger, statement):
    """Run a statement on the writer's own connection, from the writer's own thread."""
    connection = ledger._database.writer._connection
    wait(ledger._database.write(lambda *_: connection.execute(statement).fetchall(), no_locks))


async def after_a_pause_of_the_disk(ledger, work):
    """Keep the writer busy until `work` has queued everything, as a slow disk would."""
    gate = threading.Event()
    blocked = asyncio.ensure_future(ledger._database.write(lambda *_: gate.wait(10), no_locks))
    await asyncio.sleep(0.05)
    tasks = [asyncio.ensure_future(one) for one in work]
    await asyncio.sleep(0)
    gate.set()
    await blocked
    return await asyncio.gather(*tasks, return_exceptions=True)


class TestGroups:
    def test_jobs_that_wait_for_the_disk_share_one_commit(self, ledger):
        before = ledger._database.writer.stats
        work = [ledger.decisions.commit(hold(f"d{n}")) for n in range(50)]
        wait(after_a_pause_of_the_disk(ledger, work))
        assert (
            ledger._database.writer.stats.jobs - before.jobs,
            ledger._database.writer.stats.groups - before.groups,
        ) == (51, 2)

    def test_under_load_there_are_fewer_commits_than_jobs(self, ledger):
        async def client(name):
            for n in range(20):
                await ledger.decisions.commit(hold(f"{name}-{n}", f"customer {name}"))

        async def load():
            await asyncio.gather(*(client(n) for n in range(16)))

        wait(load())
        assert ledger._database.writer.stats.jobs == 320
        assert ledger._database.writer.stats.groups < 320

    def test_a_job_that_fails_takes_nothing_else_of_its_group_with_it(self, ledger):
        def breaks(*_):
            raise ArithmeticError("in the guard")

        work = [
            ledger.decisions.commit(act(f"d{n}", f"c{n}", still_allowed=breaks if n == 2 else None)) for n in range(5)
        ]
        results = wait(after_a_pause_of_the_disk(ledger, work))
        assert [type(one).__name__ for one in results] == ["CommitResult"] * 2 + ["ArithmeticError"] + [
            "CommitResult"
        ] * 2
        assert sorted(one.decision_id for one in ledger.decisions.list()) == ["d0", "d1", "d3", "d4"]
        assert not ledger.customers.snapshot("c2").exists

    def test_what_a_failing_job_wrote_before_it_failed_is_undone(self, ledger):
        taken = SignalReport("s1", "ada", NOON, "click")
        with pytest.raises(InvalidInput, match=r"a certainty is no probability in `certainty`: `2\.0`; state it"):
            wait(ledger.facts.record_signals([taken, SignalReport("s2", "ada", NOON, "click", certainty=2.0)]))
        ledger.healthy()
        assert not ledger.customers.snapshot("ada").exists

    def test_a_job_that_ends_an_iteration_still_answers(self, ledger):
        with pytest.raises(RuntimeError, match="a ledger job ended in StopIteration"):
            wait(ledger.decisions.commit(act("d1", still_allowed=lambda *_: next(iter(())))))


class TestCallers:
    def test_a_caller_that_is_cancelled_does_not_stop_its_commit(self, ledger):
        async def give_up():
            commit = asyncio.ensure_future(ledger.decisions.commit(act("d1")))
            await asyncio.sleep(0)
            commit.cancel()
            with pytest.raises(asyncio.CancelledError):
                await commit
            return await ledger.decisions.commit(hold("d2", "bob"))

        assert wait(give_up()).decision_id == "d2"
        assert ledger.decisions.get("d1").decision_id == "d1"

    def test_a_caller_whose_event_loop_is_gone_does_not_stop_the_writer(self, ledger, caplog):
        gate = threading.Event()
        loop = asyncio.new_event_loop()

        async def leave():
            ledger._database.writer.submit(lambda *_: gate.wait(10))

        loop.run_until_complete(leave())
        loop.close()
        gate.set()
        assert wait(ledger.decisions.commit(hold("d1"))).decision_id == "d1"
        assert "1 ledger jobs ended after their event loop had closed" in caplog.text

    def test_answers_arrive_on_the_loop_that_asked(self, ledger):
        results = []

        def client(n):
            results.append(wait(ledger.decisions.commit(act(f"d{n}", f"c{n}"))).decision_id)

        threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert sorted(results) == [f"d{n}" for n in range(8)]

    def test_closing_finishes_what_is_queued(self, tmp_path):
        ledger = new_ledger(tmp_path, Clock())

        async def queue_and_close():
            commits = [asyncio.ensure_future(ledger.decisions.commit(hold(f"d{n}"))) for n in range(30)]
            await asyncio.sleep(0)
            ledger.close()
            return await asyncio.gather(*commits)

        assert len(wait(queue_and_close())) == 30
        with open_ledger(tmp_path / "ledger.db", readonly=True) as reopened:
            assert len(reopened.decisions.list()) == 30

    def test_a_closed_ledger_takes_nothing(self, ledger):
        ledger.close()
        with pytest.raises(Unavailable, match="the ledger is closed in `ledger`; ask again"):
            wait(ledger.decisions.commit(hold("d1")))
        with pytest.raises(Unavailable, match="the ledger is closed"):
            ledger.healthy()


class TestFaults:
    def test_a_full_disk_fails_every_job_of_the_group_and_loses_no_answer(self, ledger):
        run_on_writer(ledger, "PRAGMA max_page_count = 1")
        big = b"x" * 200_000
        results = wait(
            after_a_pause_of_the_disk(ledger, [ledger.decisions.commit(hold(f"d{n}", receipt=big)) for n in range(5)])
        )
        assert [type(one) for one in results] == [Unavailable] * 5
        assert all("SQLITE_FULL" in str(one) and "free space on the disk" in str(one) for one in results)
        assert ledger.decisions.list() == ()

    def test_a_transaction_that_the_database_drops_fails_every_job_in_it(self, ledger):
        def disk_breaks(*_):
            ledger._database.writer._connection.execute("ROLLBACK")
            raise sqlite3.OperationalError("disk I/O error")

        work = [
            ledger.decisions.commit(act("d1")),
            ledger._database.write(disk_breaks, no_locks),
            ledger.decisions.commit(act("d2", "bob")),
        ]
        results = wait(after_a_pause_of_the_disk(ledger, work))
        assert [type(one) for one in results] == [Unavailable] * 3
        assert all("disk I/O error" in str(one) for one in results)
        assert ledger.decisions.list() == ()
        assert wait(ledger.decisions.commit(act("d1"))).decision_id == "d1"

    def test_a_fault_shows_in_health_until_the_disk_takes_a_page_again(self, ledger):
        ledger.healthy()
        run_on_writer(ledger, "PRAGMA max_page_count = 1")
        for look in (lambda: wait(ledger.decisions.commit(hold("d1", receipt=bytes(200_000)))), ledger.healthy):
            with pytest.raises(Unavailable, match=r"SQLITE_FULL.*free space on the disk that holds the ledger"):
                look()
        run_on_writer(ledger, "PRAGMA max_page_count = 100000")
        assert wait(ledger.decisions.commit(hold("d1", receipt=bytes(200_000)))).decision_id == "d1"
        ledger.healthy()

    def test_a_file_that_turns_read_only_fails_every_write_with_a_remedy(self, ledger):
        run_on_writer(ledger, "PRAGMA query_only = ON")
        for attempt in (
            lambda: wait(ledger.decisions.commit(act("d1"))),
            lambda: wait(ledger.reviews.expire(NOON)),
            ledger.healthy,
        ):
            with pytest.raises(Unavailable, match=r"SQLITE_READONLY.*make the ledger's file and folder writable"):
                attempt()
        assert not ledger.customers.snapshot("ada").exists

    def test_health_recovers_without_a_decision_having_to_fail(self, ledger):
        with locked_by_another(ledger):
            with pytest.raises(Unavailable, match=r"SQLITE_BUSY.*end the other process that writes"):
                wait(ledger.decisions.commit(hold("d1")))
            with pytest.raises(Unavailable, match="SQLITE_BUSY"):
                ledger.healthy()
        deadline = time.monotonic() + 15
        while ledger._database.writer._fault is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        ledger.healthy()
        assert ledger.decisions.list() == ()

    def test_a_writer_that_is_stuck_is_not_healthy(self, ledger, monkeypatch):
        monkeypatch.setattr("heed.serving.ledger.sqlite.writer._STALLED_SECONDS", 0.0)

        async def look_while_busy():
            gate = threading.Event()
            blocked = asyncio.ensure_future(ledger._database.write(lambda *_: gate.wait(10), no_locks))
            await asyncio.sleep(0.05)
            with pytest.raises(Unavailable, match="the ledger's disk does not answer"):
                ledger.healthy()
            gate.set()
            await blocked

        wait(look_while_busy())
        assert ledger._database.writer._busy_since is None

    def test_a_file_that_is_no_database_is_refused(self, tmp_path):
        (tmp_path / "ledger.db").write_bytes(b"not a database at all, but long enough to be looked at" * 20)
        with pytest.raises(Unavailable, match=r"SQLITE_NOTADB.*point `HEED_DATABASE_URL` at a ledger"):
            open_ledger(tmp_path / "ledger.db")

    def test_a_read_only_folder_is_refused_with_a_remedy(self):
        with read_only_folder() as folder:
            with pytest.raises(Unavailable, match=r"the ledger cannot be locked .*make it writable for this process"):
                open_ledger(folder / "ledger.db")
            with pytest.raises(Unavailable, match=r"the ledger cannot be created .*make the folder writable"):
                upgrade(folder / "other" / "ledger.db")

    def test_a_read_only_file_is_refused(self):
        with read_only_folder(locked=False) as folder, pytest.raises(Unavailable, match=r"SQLITE_(READONLY|CANTOPEN)"):
            open_ledger(folder / "ledger.db")


class TestOneWriter:
    def test_a_second_writer_is_refused_and_a_reader_is_not(self, ledger, tmp_path):
        wait(ledger.decisions.commit(hold("d1")))
        with pytest.raises(Unavailable, match=r"another process writes to this ledger .*open the ledger for reading"):
            open_ledger(tmp_path / "ledger.db")
        with pytest.raises(Unavailable, match="another process writes to this ledger"):
            upgrade(tmp_path / "ledger.db")
        with open_ledger(tmp_path / "ledger.db", readonly=True) as reader:
            assert reader.decisions.get("d1").answer == ledger.decisions.get("d1").answer

    def test_another_process_is_refused_too(self, ledger, tmp_path):
        program = "import sys; from serving.ledger.connect import open_ledger; open_ledger(sys.argv[1])"
        path = str(tmp_path / "ledger.db")
        found = subprocess.run(
            [sys.executable, "-c", program, path], check=False, capture_output=True, text=True, timeout=60
        )
        assert found.returncode == 1
        assert "Locked: another process writes to this ledger" in found.stderr
        ledger.healthy()

    def test_the_next_writer_may_open_what_the_last_one_closed(self, ledger, tmp_path):
        wait(ledger.decisions.commit(act("d1")))
        ledger.close()
        with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as again:
            assert len(again.customers.snapshot("ada", since=NOON).customer.contacts) == 1

    @pytest.mark.usefixtures("ledger")
    def test_a_reader_refuses_to_write(self, tmp_path):
        with open_ledger(tmp_path / "ledger.db", readonly=True) as reader:
            reader.healthy()
            with pytest.raises(Unavailable, match="the ledger was opened for reading only"):
                wait(reader.decisions.commit(hold("d1")))

    def test_a_readers_connection_cannot_write_behind_the_ledgers_back(self, ledger):
        with pytest.raises(Unavailable, match="SQLITE_READONLY"):
            ledger._database.readers.read(lambda transaction: transaction._connection.execute("DELETE FROM signals"))

    def test_a_read_sees_one_moment_even_while_facts_arrive(self, ledger):
        def read_twice(transaction):
            before = transaction._connection.execute("SELECT count(*) FROM signals").fetchall()
            writing = threading.Thread(
                target=lambda: wait(ledger.facts.record_signals([SignalReport("s", "a", NOON, "x")]))
            )
            writing.start()
            writing.join(10)
            return before == transaction._connection.execute("SELECT count(*) FROM signals").fetchall()

        assert ledger._database.readers.read(read_twice)
        assert len(ledger.customers.snapshot("a").customer.signals) == 1


@contextmanager
def locked_by_another(ledger):
    with closing(sqlite3.connect(ledger._database.readers._path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def read_only_folder(*, locked=True):
    """A ledger that this process may read but not write; root gives up its rights for the while."""
    with TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        upgrade(folder / "ledger.db")
        (folder / "ledger.db").chmod(0o444)
        folder.chmod(0o555 if locked else 0o777)
        (folder / "ledger.db.lock").unlink()
        user = os.geteuid()
        try:
            if user == 0:
                os.seteuid(65534)
            yield folder
        finally:
            os.seteuid(user)
            folder.chmod(0o755)
