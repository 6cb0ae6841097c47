"""A PostgreSQL that is slow, silent or gone: an answer in time, and none that is not so."""

import asyncio
import socket
from contextlib import closing
from time import monotonic, sleep
from types import SimpleNamespace

import psycopg
import pytest

from heed.decisioning.errors import InvalidInput, Unavailable
from heed.serving.ledger.backend.database import no_locks
from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.facts.customers import add_customer
from heed.serving.ledger.facts.reports import ConsentReport, OutcomeReport
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.postgres.database import PostgresDatabase
from heed.serving.ledger.postgres.limits import Limits
from heed.serving.ledger.postgres.transaction import PostgresTransaction
from tests.support import postgres_server
from tests.support.ledger_builders import NOON, act, hold, wait

HASTY = Limits(writers=4, readers=2, connect=1.0, statement=1.0, silence=0.5, job=5.0)


@pytest.fixture
def hasty(url, clock):
    with Ledger(
        PostgresDatabase.open(PostgresLocation(url), clock=clock, key=postgres_server.KEY, limits=HASTY)
    ) as opened:
        yield opened


class TestFaults:
    def test_a_server_that_is_not_there_is_told_of_without_the_password(self):
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
        place = PostgresLocation(f"postgresql://heed:secret@127.0.0.1:{port}/heed")
        with pytest.raises(Unavailable, match="PostgreSQL cannot be reached") as raised:
            PostgresDatabase.open(place, key=postgres_server.KEY, limits=HASTY)
        assert "secret" not in str(raised.value)

    def test_a_server_that_says_nothing_is_given_up(self):
        with closing(socket.create_server(("127.0.0.1", 0))) as mute:
            place = PostgresLocation(f"postgresql://heed@127.0.0.1:{mute.getsockname()[1]}/heed")
            with pytest.raises(Unavailable, match="PostgreSQL cannot be reached"):
                PostgresDatabase.open(place, key=postgres_server.KEY, limits=HASTY)

    def test_a_connection_that_was_cut_while_it_was_idle_is_replaced(self, ledger, url):
        wait(ledger.decisions.commit(hold("d1")))
        postgres_server.run(
            url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'heed'"
        )
        assert ledger.decisions.get("d1").decision_id == "d1"
        postgres_server.run(
            url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'heed'"
        )
        assert wait(ledger.decisions.commit(hold("d2"))).decision_id == "d2"
        ledger.healthy()

    def test_a_statement_that_takes_too_long_is_ended_and_nothing_is_recorded(self, hasty):
        def slow(transaction, now):
            add_customer(transaction, now, "ada")
            transaction.command("SET LOCAL statement_timeout = 100; SELECT pg_sleep(10)")

        with pytest.raises(Unavailable, match=r"57014 QueryCanceled.*PostgreSQL took too long"):
            wait(hasty._database.write(slow, no_locks))
        assert not hasty.customers.snapshot("ada").exists
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
                wait(ledger.decisions.commit(act("d1", idempotency_key="key")))
        again = wait(ledger.decisions.commit(act("d2", idempotency_key="key")))
        assert (again.decision_id, again.replayed) == ("d1", True)

    def test_what_the_database_cannot_hold_is_the_senders_fault(self, ledger):
        with pytest.raises(InvalidInput, match="holds what no database takes; leave out NUL"):
            wait(ledger.facts.record_outcomes([OutcomeReport("o1", "ada", "a\0b", NOON)]))

    def test_no_value_of_a_row_is_in_an_error(self, ledger):
        broken = ConsentReport("c1", "ada-is-secret", "email", "offers", SimpleNamespace(value="maybe"), NOON)
        with pytest.raises(InvalidInput, match="breaks a rule of the ledger: `consent_status`") as raised:
            wait(ledger.facts.record_consents([broken]))
        assert "ada-is-secret" not in str(raised.value)

    def test_a_closed_ledger_takes_nothing(self, ledger):
        ledger.close()
        with pytest.raises(Unavailable, match="the ledger is closed"):
            wait(ledger.decisions.commit(hold("d1")))
        with pytest.raises(Unavailable, match="the ledger is closed"):
            ledger.healthy()

    @pytest.mark.usefixtures("ledger")
    def test_a_reader_refuses_to_write(self, url):
        with open_ledger(url, key=postgres_server.KEY, readonly=True) as reader:
            reader.healthy()
            with pytest.raises(Unavailable, match="the ledger was opened for reading only"):
                wait(reader.decisions.commit(hold("d1")))
            with pytest.raises(Unavailable, match="25006 ReadOnlySqlTransaction"):
                reader._database.read(lambda transaction: transaction.command("DELETE FROM signals"))


def test_a_caller_that_is_cancelled_does_not_stop_its_commit(ledger):
    async def give_up():
        commit = asyncio.ensure_future(ledger.decisions.commit(act("d1")))
        await asyncio.sleep(0)
        commit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await commit

    wait(give_up())
    deadline = monotonic() + 20
    while not ledger.decisions.list() and monotonic() < deadline:
        sleep(0.01)
    assert [one.decision_id for one in ledger.decisions.list()] == ["d1"]
