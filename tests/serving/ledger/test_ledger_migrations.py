import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine

from heed.decisioning.errors import InvalidInput, Unavailable
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.migrate import upgrade
from heed.serving.ledger.schema import APPEND_ONLY, SCHEMA
from tests.support.ledger_builders import Clock, act, new_ledger, review, wait


def connected(path: Path) -> Connection:
    return create_engine(f"sqlite:///{path}", poolclass=NullPool).connect()


def schema(path: Path, kind: str) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL", (kind,))
        return {name: in_parts(sql) for name, sql in found if name != "alembic_version"}


def in_parts(sql: str) -> str:
    """A definition with its parts in order of the alphabet: a column that a step adds comes after the constraints."""
    head, _, body = " ".join(sql.split()).partition("(")
    return "; ".join([head, *sorted(part.strip() for part in re.split(r",(?![^(]*\))", body.removesuffix(")")))])


def test_the_steps_from_nothing_end_in_the_tables_as_declared(tmp_path):
    upgrade(tmp_path / "stepped.db")
    with connected(tmp_path / "declared.db") as connection:
        SCHEMA.create_all(connection)
        connection.commit()
    for kind in ("table", "index"):
        assert schema(tmp_path / "stepped.db", kind) == schema(tmp_path / "declared.db", kind)
    with connected(tmp_path / "stepped.db") as connection:
        assert compare_metadata(MigrationContext.configure(connection), SCHEMA) == []


def test_upgrading_again_changes_nothing(tmp_path):
    upgrade(tmp_path / "ledger.db")
    before = schema(tmp_path / "ledger.db", "table")
    upgrade(tmp_path / "ledger.db")
    assert schema(tmp_path / "ledger.db", "table") == before


def test_a_new_ledger_is_readable_by_its_owner_alone(tmp_path):
    upgrade(f"sqlite:///{tmp_path}/deep/down/ledger.db")
    assert (tmp_path / "deep/down/ledger.db").stat().st_mode & 0o777 == 0o600


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path):
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("CREATE TABLE outbox (something_else)")
    with pytest.raises(Unavailable, match=r"the ledger cannot be used .*table outbox already exists"):
        upgrade(tmp_path / "ledger.db")
    assert list(schema(tmp_path / "ledger.db", "table")) == ["outbox"]


def test_every_append_only_table_has_its_three_triggers(tmp_path):
    upgrade(tmp_path / "ledger.db")
    expected = {f"{table.name}_never_{what}" for table in APPEND_ONLY for what in ("updated", "deleted", "replaced")}
    assert set(schema(tmp_path / "ledger.db", "trigger")) == expected


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param("UPDATE decisions SET answer = '{}'", id="editing a decision"),
        pytest.param("UPDATE decisions SET receipt = x'00' WHERE decision_id = 'd1'", id="editing a receipt"),
        pytest.param("DELETE FROM decisions WHERE decision_id = 'd1'", id="deleting a decision"),
        pytest.param("INSERT OR REPLACE INTO decisions SELECT * FROM decisions", id="replacing a decision"),
        pytest.param(
            "INSERT OR REPLACE INTO decisions SELECT 'other', at, client, idempotency_key, fingerprint, subject,"
            " disposition, action_id, proposed_action_id, model_version, policy_hash, answer, receipt, key_id FROM"
            " decisions WHERE decision_id = 'd1'",
            id="replacing the decision of a key",
        ),
        pytest.param("UPDATE review_events SET actor = 'eve'", id="editing what happened to a case"),
        pytest.param("DELETE FROM review_events", id="deleting what happened to a case"),
        pytest.param("INSERT OR REPLACE INTO review_events SELECT * FROM review_events", id="replacing an event"),
    ],
)
def test_the_record_is_append_only_against(attack, tmp_path):
    with new_ledger(tmp_path, Clock()) as ledger:
        wait(ledger.decisions.commit(act("d1", idempotency_key="key")))
        wait(ledger.decisions.commit(review("d2", seen_version=1)))
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        before = list(connection.iterdump())
        with pytest.raises(sqlite3.IntegrityError, match=r"(decisions|review_events) is append-only"):
            connection.execute(attack)
        connection.rollback()
        assert list(connection.iterdump()) == before


def test_a_missing_ledger_is_refused_with_the_command_that_makes_one(tmp_path):
    with pytest.raises(Unavailable, match=r"SQLITE_CANTOPEN.*create it with `heed db upgrade`"):
        open_ledger(tmp_path / "nowhere.db")
    assert not (tmp_path / "nowhere.db").exists()


@pytest.mark.parametrize("readonly", [False, True], ids=["opened to write", "opened to read"])
def test_a_file_without_the_tables_is_refused(tmp_path, readonly):
    sqlite3.connect(tmp_path / "empty.db").close()
    with pytest.raises(Unavailable, match=r"the file holds no ledger in `ledger`.*run `heed db upgrade`"):
        open_ledger(tmp_path / "empty.db", readonly=readonly)


@pytest.mark.parametrize("use", [upgrade, open_ledger], ids=["upgraded", "opened"])
@pytest.mark.parametrize(
    ("revision", "complaint"),
    [
        pytest.param("0001", r"from before the first release, .*; begin a new ledger, or first bring", id="the oldest"),
        pytest.param(
            "0011", r"from before the first release, .*; begin a new ledger, or first bring", id="an older one"
        ),
        pytest.param("9999", r"; update heed: a later version made this ledger", id="a later one"),
    ],
)
def test_a_ledger_of_another_revision_is_refused_and_left_as_it_was(tmp_path, use, revision, complaint):
    upgrade(tmp_path / "ledger.db")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        before = list(connection.iterdump())
    with pytest.raises(
        Unavailable, match=rf"the ledger has schema revision {revision} where 0012 is needed.*{complaint}"
    ):
        use(tmp_path / "ledger.db")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert list(connection.iterdump()) == before


@pytest.mark.parametrize(
    ("location", "complaint"),
    [
        pytest.param("mysql://user:secret@host/db", r"unknown kind of database .*`mysql`; give a path", id="mysql"),
        pytest.param("sqlite:///:memory:", r"the ledger needs a file", id="memory"),
        pytest.param("", r"the ledger needs a file", id="nothing"),
    ],
)
def test_a_location_that_is_no_file_is_refused_without_showing_a_password(location, complaint):
    with pytest.raises(InvalidInput, match=complaint) as refused:
        upgrade(location)
    assert "secret" not in str(refused.value)
