"""Whatever is done to the ledger behind its back is found, and named."""

import asyncio
import json
import sqlite3
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from heed.decisioning.canonical import canonical_json
from heed.decisioning.errors import InvalidInput
from heed.serving.ledger.audit.hash_chain import genesis_hash, link_hash, record_digest
from heed.serving.ledger.audit.verify import Finding
from heed.serving.ledger.facts.reports import ObjectionReport
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.schema import CHAINED, SHARDS, decisions
from tests.support.ledger_builders import NOON, Clock, hold, new_ledger, review, wait

DECISIONS = 40


@dataclass
class Tampered:
    """A ledger with some history, and somebody who can write to its file."""

    ledger: Ledger
    path: Path

    def sql(self, *statements: str) -> None:
        """Change the file as whoever owns it can: triggers keep only the careless away."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute("PRAGMA foreign_keys = OFF")
            for statement in statements:
                connection.execute(statement)

    def found(self, anchor: str | None = None) -> list[Finding]:
        return list(self.ledger.audit.verify(anchor).findings)

    def shard(self, decision_id: str) -> tuple[int, int]:
        with closing(sqlite3.connect(self.path)) as connection:
            where = (decision_id,)
            found: tuple[int, int] = connection.execute(
                "SELECT shard, position FROM links WHERE kind = 'decisions' AND record = ?", where
            ).fetchone()
            return found

    def longest(self) -> tuple[int, list[str]]:
        """The shard with the most links, and the decisions in it by their positions."""
        with closing(sqlite3.connect(self.path)) as connection:
            rows = connection.execute(
                "SELECT shard, record FROM links WHERE kind = 'decisions' AND record LIKE 'd%' ORDER BY shard, position"
            ).fetchall()
        shards = [row[0] for row in rows]
        longest = max(set(shards), key=shards.count)
        return longest, [record for shard, record in rows if shard == longest]


@pytest.fixture
def tampered(tmp_path: Path) -> Iterator[Tampered]:
    with new_ledger(tmp_path, Clock()) as ledger:
        wait(history(ledger))
        yield Tampered(ledger, tmp_path / "ledger.db")


async def history(ledger: Ledger) -> None:
    await ledger.decisions.commit(review("asked", "ada"))
    case = await ledger.reviews.claim("case-asked", "rita")
    await ledger.reviews.reject("case-asked", "rita", case.fence, note="no")
    await ledger.facts.record_objections([ObjectionReport(NOON, customer_id="ada", contact_point="ada@example.org")])
    await asyncio.gather(
        *(ledger.decisions.commit(hold(f"d{n:02}", f"c{n}", idempotency_key=f"k{n}")) for n in range(DECISIONS))
    )


def test_what_was_not_touched_is_sound(tampered: Tampered) -> None:
    found = tampered.ledger.audit.verify()
    assert (found.sound, found.links) == (True, DECISIONS + 1 + 3 + 2)
    assert tampered.found(anchored(tampered)) == []


def test_a_chain_can_be_followed_by_hand(tampered: Tampered) -> None:
    shard, records = tampered.longest()
    with closing(sqlite3.connect(tampered.path)) as connection:
        connection.row_factory = sqlite3.Row
        before = genesis_hash(shard)
        rows = connection.execute("SELECT * FROM links WHERE shard = ? ORDER BY position", (shard,)).fetchall()
        for row in rows:
            before = link_hash(before, row["digest"])
            assert row["hash"] == before
        kept = connection.execute("SELECT * FROM decisions WHERE decision_id = ?", (records[0],)).fetchone()
        digests = {row["record"]: row["digest"] for row in rows}
        assert record_digest("decisions", dict(kept)) == digests[records[0]]


@pytest.mark.parametrize("column", [one.name for one in decisions.c if one.name != "decision_id"])
def test_an_edited_column_is_found_and_its_decision_named(tampered: Tampered, column: str) -> None:
    other = {"at": "at + 1", "disposition": "'act'", "receipt": "x'00'"}.get(column, "'other'")
    tampered.sql(f"UPDATE decisions SET {column} = {other} WHERE decision_id = 'd07'")
    shard, position = tampered.shard("d07")
    says = "the record is not what was written"
    assert tampered.found() == [Finding("edited", says, "decisions", "d07", shard, position, "d07")]


def test_a_column_that_is_emptied_is_found(tampered: Tampered) -> None:
    tampered.sql("UPDATE decisions SET idempotency_key = NULL WHERE decision_id = 'd07'")
    assert [(one.what, one.decision_id) for one in tampered.found()] == [("edited", "d07")]


def test_a_decision_under_another_id_is_one_deleted_and_one_inserted(tampered: Tampered) -> None:
    tampered.sql("UPDATE decisions SET decision_id = 'other' WHERE decision_id = 'd07'")
    assert {(one.what, one.decision_id) for one in tampered.found()} == {("deleted", "d07"), ("inserted", "other")}


@pytest.mark.parametrize("place", [0, 1, -1], ids=["first of its shard", "one in the middle", "last of its shard"])
def test_a_deleted_decision_is_found_and_named(tampered: Tampered, place: int) -> None:
    shard, records = tampered.longest()
    tampered.sql(f"DELETE FROM decisions WHERE decision_id = '{records[place]}'")
    where = tampered.shard(records[place])
    assert where[0] == shard
    says = "the record is gone"
    assert tampered.found() == [Finding("deleted", says, "decisions", records[place], *where, records[place])]


@pytest.mark.parametrize("place", [0, 1, -1], ids=["first of its shard", "one in the middle", "last of its shard"])
def test_a_decision_deleted_with_its_link_leaves_a_gap(tampered: Tampered, place: int) -> None:
    _, records = tampered.longest()
    shard, position = tampered.shard(records[place])
    tampered.sql(
        f"DELETE FROM decisions WHERE decision_id = '{records[place]}'",
        f"DELETE FROM links WHERE record = '{records[place]}'",
    )
    assert tampered.found() == [Finding("missing", "the link is gone", shard=shard, position=position)]


def test_an_inserted_decision_is_found_and_named(tampered: Tampered) -> None:
    columns = ", ".join(one.name for one in decisions.c if one.name not in ("decision_id", "idempotency_key"))
    tampered.sql(
        f"INSERT INTO decisions (decision_id, {columns}) SELECT 'forged', {columns} FROM decisions WHERE "
        "decision_id = 'd07'"
    )
    says = "no link leads to the record"
    assert tampered.found() == [Finding("inserted", says, "decisions", "forged", decision_id="forged")]


def test_two_decisions_that_changed_their_contents_are_both_named(tampered: Tampered) -> None:
    tampered.sql(
        "UPDATE decisions SET decision_id = 'between' WHERE decision_id = 'd03'",
        "UPDATE decisions SET decision_id = 'd03' WHERE decision_id = 'd04'",
        "UPDATE decisions SET decision_id = 'd04' WHERE decision_id = 'between'",
    )
    assert {(one.what, one.decision_id) for one in tampered.found()} == {("edited", "d03"), ("edited", "d04")}


def test_two_links_that_changed_places_break_the_chain(tampered: Tampered) -> None:
    shard, records = tampered.longest()
    (_, first), (_, second) = tampered.shard(records[0]), tampered.shard(records[1])
    move = "UPDATE links SET position = {} WHERE shard = {} AND position = {}"
    tampered.sql(move.format(-1, shard, first), move.format(first, shard, second), move.format(second, shard, -1))
    found = tampered.found()
    assert {one.what for one in found} == {"broken"}
    assert {records[0], records[1]} <= {one.decision_id for one in found}


def test_an_edited_decision_whose_link_was_made_to_fit_breaks_the_chain(tampered: Tampered) -> None:
    tampered.sql("UPDATE decisions SET action_id = 'forged' WHERE decision_id = 'd07'")
    with closing(sqlite3.connect(tampered.path)) as connection:
        connection.row_factory = sqlite3.Row
        record = dict(connection.execute("SELECT * FROM decisions WHERE decision_id = 'd07'").fetchone())
    tampered.sql(f"UPDATE links SET digest = '{record_digest('decisions', record)}' WHERE record = 'd07'")
    assert [(one.what, one.decision_id) for one in tampered.found()] == [("broken", "d07")]


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        pytest.param("UPDATE review_events SET actor = 'max' WHERE number = 2", "review_events", id="who claimed"),
        pytest.param("DELETE FROM review_events WHERE number = 3", "review_events", id="a verdict"),
        pytest.param("UPDATE objections SET recorded_at = 0", "objections", id="when somebody objected"),
        pytest.param("DELETE FROM objectors", "objectors", id="whom an objection struck"),
    ],
)
def test_other_tables_are_in_the_chains_as_well(tampered: Tampered, statement: str, table: str) -> None:
    tampered.sql(statement)
    found = tampered.found()
    assert found
    assert {one.table for one in found} == {table}
    assert {one.table for one in found} <= set(CHAINED)


def test_an_end_that_was_cut_off_is_found_with_a_head_from_before(tampered: Tampered) -> None:
    anchor = anchored(tampered)
    shard, records = tampered.longest()
    _, position = tampered.shard(records[-1])
    before = f"SELECT hash FROM links WHERE shard = {shard} AND position = {position - 1}"
    tampered.sql(
        f"UPDATE heads SET position = {position - 1}, hash = ({before}) WHERE shard = {shard}",
        f"DELETE FROM decisions WHERE decision_id = '{records[-1]}'",
        f"DELETE FROM links WHERE record = '{records[-1]}'",
    )
    assert tampered.found() == []
    cut = tampered.found(anchor)
    assert [(one.what, one.shard, one.position) for one in cut] == [("truncated", shard, position)]


def test_a_chain_that_was_made_anew_contradicts_a_head_from_before(tampered: Tampered) -> None:
    anchor = anchored(tampered)
    shard, records = tampered.longest()
    tampered.sql(f"UPDATE decisions SET action_id = 'forged' WHERE decision_id = '{records[0]}'")
    with closing(sqlite3.connect(tampered.path)) as connection:
        connection.row_factory = sqlite3.Row
        record = dict(connection.execute(f"SELECT * FROM decisions WHERE decision_id = '{records[0]}'").fetchone())
        rows = connection.execute(f"SELECT * FROM links WHERE shard = {shard} ORDER BY position").fetchall()
    before, forged = genesis_hash(shard), record_digest("decisions", record)
    anew = []
    for row in rows:
        digest = forged if row["record"] == records[0] else row["digest"]
        before = link_hash(before, digest)
        where = f"WHERE shard = {shard} AND position = {row['position']}"
        anew.append(f"UPDATE links SET digest = '{digest}', hash = '{before}' {where}")
    tampered.sql(*anew, f"UPDATE heads SET hash = '{before}' WHERE shard = {shard}")
    assert tampered.found() == []
    assert [(one.what, one.shard) for one in tampered.found(anchor)] == [("rewritten", shard)]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        pytest.param("UPDATE heads SET hash = '{}' WHERE shard = 3".format("0" * 64), "head", id="another hash"),
        pytest.param("DELETE FROM heads WHERE shard = 3", "head", id="no end"),
        pytest.param("UPDATE heads SET position = position + 1 WHERE shard = 3", "missing", id="one more"),
    ],
)
def test_the_noted_end_of_a_shard_must_be_its_end(tampered: Tampered, statement: str, what: str) -> None:
    tampered.sql(statement)
    assert what in {one.what for one in tampered.found() if one.shard == 3}


def test_records_that_come_after_a_head_do_not_contradict_it(tampered: Tampered) -> None:
    anchor = anchored(tampered)
    wait(tampered.ledger.decisions.commit(hold("later", "c1")))
    assert tampered.found(anchor) == []


def test_anyone_with_the_public_key_can_check_a_head(tampered: Tampered) -> None:
    head = json.loads(anchored(tampered))
    assert len(head["shards"]) == SHARDS
    assert head["records"] == tampered.ledger.audit.verify().links
    signature, key = b64decode(head.pop("signature")), b64decode(tampered.ledger.audit.public_key())
    Ed25519PublicKey.from_public_bytes(key).verify(signature, canonical_json(head))


@pytest.mark.parametrize("field", ["records", "at", "shards", "public_key", "signature", "format"])
def test_a_head_that_was_changed_is_refused(tampered: Tampered, field: str) -> None:
    head = json.loads(anchored(tampered))
    changed = {"records": 1, "at": "2020-01-01T00:00:00Z", "shards": head["shards"][1:], "format": 2}
    other = {**head, field: changed.get(field, "A" * 43 + "=")}
    with pytest.raises(InvalidInput, match=r"not signed by this key|another format"):
        tampered.ledger.audit.verify(json.dumps(other))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "1"}'], ids=["nothing", "empty", "a list", "half"])
def test_what_is_no_head_is_refused(tampered: Tampered, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"holds no head of a ledger.*heed ledger head"):
        tampered.ledger.audit.verify(text)


def test_the_head_of_another_ledger_is_refused(tampered: Tampered, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with new_ledger(tmp_path / "other", Clock()) as other, pytest.raises(InvalidInput, match="not signed by this key"):
        tampered.ledger.audit.verify(other.audit.head().model_dump_json())


def test_a_job_that_fails_leaves_no_link(tampered: Tampered) -> None:
    before = tampered.ledger.audit.head().records
    with pytest.raises(InvalidInput, match=r"the record breaks a rule of the ledger|recorded before"):
        wait(tampered.ledger.decisions.commit(hold("d07", "c9")))
    assert tampered.ledger.audit.head().records == before
    assert tampered.found() == []


def anchored(tampered: Tampered) -> str:
    return tampered.ledger.audit.head().model_dump_json()
