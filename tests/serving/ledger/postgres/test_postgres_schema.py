"""Which ledger in PostgreSQL is opened: one of the present shape, under its own key."""

from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.facts.reports import ObjectionReport
from heed.serving.ledger.migrate import upgrade
from heed.serving.ledger.operations.kill_switch import StopOrder
from heed.serving.ledger.schema import APPEND_ONLY, SCHEMA
from tests.support import postgres_server
from tests.support.ledger_builders import NOON, review, wait


@contextmanager
def empty():
    found = postgres_server.empty_database()
    try:
        yield found
    finally:
        postgres_server.drop(found)


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
                open_ledger(url, key=postgres_server.KEY)
            assert "postgres:@" not in str(raised.value)
            upgrade(url)
            upgrade(url)
            with open_ledger(url, key=postgres_server.KEY) as opened:
                assert opened.empty()

    @pytest.mark.parametrize(
        "use", [upgrade, partial(open_ledger, key=postgres_server.KEY)], ids=["upgraded", "opened"]
    )
    @pytest.mark.parametrize(
        ("revision", "complaint"),
        [
            pytest.param("0011", "from before the first release, .*; begin a new ledger, or first bring", id="older"),
            pytest.param("9999", "; update heed: a later version made this ledger", id="later"),
        ],
    )
    def test_a_database_of_another_revision_is_refused(self, url, use, revision, complaint):
        postgres_server.run(url, f"UPDATE alembic_version SET version_num = '{revision}'")
        try:
            with pytest.raises(Unavailable, match=rf"schema revision {revision} where 0012 is needed.*{complaint}"):
                use(url)
        finally:
            postgres_server.run(url, "UPDATE alembic_version SET version_num = '0012'")

    @pytest.mark.parametrize("table", [one.name for one in APPEND_ONLY])
    @pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {} = {}"])
    def test_the_record_takes_no_change(self, ledger, url, table, change):
        wait(ledger.decisions.commit(review("d1")))
        wait(ledger.facts.record_objections([ObjectionReport(NOON, "ada")]))
        wait(ledger.kill_switch.stop(StopOrder("a test", "ann")))
        wait(ledger.customers.erase("ada"))
        column = next(iter(SCHEMA.tables[table].columns)).name
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=f"{table} is append-only"):
            postgres_server.run(url, change.format(table, column, column))

    def test_the_steps_end_in_the_tables_as_declared(self, url):
        engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), SCHEMA) == []

    def test_a_step_that_fails_leaves_the_database_as_it_was(self):
        with empty() as url:
            postgres_server.run(url, "CREATE TABLE outbox (something_else text)")
            with pytest.raises(Unavailable, match=r'42P07 DuplicateTable: relation "outbox" already exists'):
                upgrade(url)
            tables = postgres_server.run(
                url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            )
            assert tables.fetchall() == [("outbox",)]

    @pytest.mark.usefixtures("ledger")
    def test_every_name_is_compared_byte_for_byte(self, url):
        found = postgres_server.run(
            url,
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
        )
        assert found.fetchall() == []
