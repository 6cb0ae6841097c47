"""A ledger from before customers had keys of their own comes out sealed, linked and whole."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command

from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.migrate import upgrade
from heed.serving.ledger.migrations.revisions import config
from tests.serving.ledger.test_ledger_migrations import connected
from tests.support.ledger_builders import NOON, wait

BEFORE = "0005"
AT = 1_772_452_800_000_000
PLAIN = ("planted answer", "planted receipt", "planted note", "planted message", "planted key")


def decision(decision_id: str, key: str | None, disposition: str) -> tuple[object, ...]:
    asked = (decision_id, AT + int(decision_id[1:]), "shop", key, "asked", "ada", disposition)
    return (*asked, "mail" if disposition == "act" else None, None, "7", "h", "planted answer", b"planted receipt")


def older(path: Path) -> None:
    with connected(path) as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(config(connection), BEFORE)
        connection.commit()
    rows = {
        "customers": ("ada", 3, "{}", None, None, 0, None, None, None),
        "decisions": [decision("d1", "planted key", "act"), decision("d2", None, "review")],
        "contacts": ("slot", "ada", "mail", "email", "m", "c", "marketing", "reserved", AT, "d1", None, None, AT, 0.0),
        "outbox": ("execute:d1", "d1", "slot", "mail", "execute", "planted message", AT, None, None, None),
        "reviews": ("r1", "d2", "ada", "rejected", "mail", AT, AT, "eve", None, 1, AT, "eve", None, "planted note"),
        "review_events": [("r1", 1, AT, "opened", None, None), ("r1", 2, AT, "rejected", "eve", "planted note")],
    }
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, told in rows.items():
            for row in told if isinstance(told, list) else [told]:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def test_what_was_in_the_clear_is_sealed_and_reads_as_before(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    older(path)
    assert all(word.encode() in path.read_bytes() for word in PLAIN)
    upgrade(path)
    with open_ledger(path) as ledger:
        assert ledger.decision("d1").answer == b"planted answer"
        assert ledger.receipt("d2") == b"planted receipt"
        assert [one.decision_id for one in ledger.decisions("ada")] == ["d2", "d1"]
        assert wait(ledger.stored("shop", "planted key", "asked")) == b"planted answer"
        assert ledger.outbox()[0].payload == "planted message"
        assert ledger.review("r1").note == "planted note"
        assert [one.detail for one in ledger.review_events("r1")] == [None, "planted note"]
        found = ledger.verify()
        assert (found.sound, found.links) == (True, 4)
        assert ledger.known("ada", since=NOON).version == 3
        wait(ledger.erase("ada"))
        assert ledger.verify().sound
    left = b"".join(file.read_bytes() for file in tmp_path.glob("ledger.db*"))
    assert [word for word in PLAIN if word.encode() in left] == []
    upgrade(path)


def test_the_key_that_seals_is_the_one_that_is_given(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    older(path)
    upgrade(path, "sixteen letters or more")
    assert not path.with_name("ledger.db.key").exists()
    with open_ledger(path, key="sixteen letters or more") as ledger:
        assert ledger.decision("d1").answer == b"planted answer"
