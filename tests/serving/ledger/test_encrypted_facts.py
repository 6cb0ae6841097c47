"""What facts say of a person is unreadable in the database without the person's own key."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from heed.decisioning.customer import ConsentStatus, ContactPoint, Suppression
from heed.decisioning.errors import Unavailable
from heed.serving.errors import Tampered
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.encryption import batch
from heed.serving.ledger.facts.reports import (
    ConsentReport,
    CustomerReport,
    ObjectionReport,
    OutcomeReport,
    SignalReport,
)
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.schema import SCHEMA
from heed.serving.ledger.sqlite.key_file import key_file
from tests.support.ledger_builders import NOON, Clock, wait
from tests.support.ledger_stores import BOTH, SQLITE, Store, temporary_store

MAIL, PHONE = "planted-mail@example.org", "planted-phone"
POINTS = (ContactPoint(MAIL, "email", ("Asia/Kathmandu",)), ContactPoint(PHONE, "sms"))
REASON = Suppression("planted-reason", NOON, "sms", NOON + timedelta(days=9))
PROFILE = CustomerReport(
    "ada", {"street": "planted-street", "age": 41}, "Indian/Chagos", "planted-law", POINTS, (REASON,)
)
GRANT = ConsentReport(
    "grant", "ada", "email", "offers", ConsentStatus.GRANTED, NOON, contact_point=MAIL, basis="planted-basis"
)
SIGNAL = SignalReport("signal", "ada", NOON, "planted-type", "planted-channel", 0.25, 4711.5)
LONG = SignalReport("long", "ada", NOON - timedelta(hours=1), "planted-" + "x" * 150, None, 1.0, None)
BOUGHT = OutcomeReport("bought", "ada", "conversion", NOON, value=4711.25)
PLANTED = ("planted", "Kathmandu", "Chagos", "4711")


@pytest.fixture(params=BOTH, ids=lambda name: f"on {name}")
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty ledger in each database."""
    with temporary_store(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def ledger(store: Store) -> Iterator[Ledger]:
    with store.open(Clock()) as opened:
        tell(opened)
        yield opened


def tell(ledger: Ledger) -> None:
    wait(ledger.facts.record_customers([PROFILE]))
    wait(ledger.facts.record_consents([GRANT]))
    wait(ledger.facts.record_signals([SIGNAL, LONG]))
    wait(ledger.facts.record_outcomes([BOUGHT]))


def everything(ledger: Ledger) -> str:
    """All values of all rows, as text."""
    tables = SCHEMA.tables.values()
    rows = [row for table in tables for row in ledger._database.read(lambda one, t=table: one.rows(select(t), {}))]
    return "\n".join(str(bytes(value) if isinstance(value, memoryview) else value) for row in rows for value in row)


def as_told(ledger: Ledger) -> None:
    """What is known, shown and handed out is what was told."""
    found = ledger.customers.snapshot("ada").customer
    assert (dict(found.attributes), found.time_zone, found.jurisdiction) == (
        PROFILE.attributes,
        "Indian/Chagos",
        "planted-law",
    )
    assert found.contact_points == POINTS
    assert found.suppressions == (REASON,)
    assert [(one.contact_point, one.basis) for one in found.consents] == [(MAIL, "planted-basis")]
    told = [(one.type, one.at, one.channel, one.certainty, one.value) for one in (LONG, SIGNAL)]
    assert [(one.type, one.at, one.channel, one.certainty, one.value) for one in found.signals] == told
    entries = {one.id: one.content for one in ledger.customers.timeline("ada").entries}
    assert entries["signal"] == {
        "type": "planted-type",
        "channel": "planted-channel",
        "certainty": 0.25,
        "value": 4711.5,
    }
    assert entries["bought"]["value"] == 4711.25
    assert (entries["grant"]["contact_point"], entries["grant"]["basis"]) == (MAIL, "planted-basis")


def test_nothing_that_describes_or_reaches_a_person_is_in_the_clear(ledger: Ledger) -> None:
    kept = everything(ledger)
    assert "ada" in kept
    assert [word for word in PLANTED if word in kept] == []
    as_told(ledger)


def test_what_is_handed_out_names_every_part_of_it(ledger: Ledger) -> None:
    given = {name: rows for name, rows in asdict(ledger.customers.export("ada")).items() if name != "customer_ids"}
    assert given["profiles"][0] | {"attributes": PROFILE.attributes, "identity": None} == given["profiles"][0]
    assert [(one["contact_point"], one["time_zones"]) for one in given["contact_points"]] == [
        (MAIL, ["Asia/Kathmandu"]),
        (PHONE, []),
    ]
    assert [(one["reason"], one["recorded_at"]) for one in given["suppressions"]] == [("planted-reason", NOON)]
    assert {one["signal_id"]: (one["type"], one["value"], one["at"]) for one in given["signals"]} == {
        one.signal_id: (one.type, one.value, one.at) for one in (SIGNAL, LONG)
    }
    assert (given["outcomes"][0]["value"], given["consents"][0]["basis"]) == (4711.25, "planted-basis")
    named = {name for rows in given.values() if isinstance(rows, list) for one in rows for name in dict(one)}
    assert not {"entry", "sealed", "profile"} & named


def test_what_is_told_again_is_known_again(ledger: Ledger) -> None:
    version = ledger.customers.snapshot("ada").version
    tell(ledger)
    assert ledger.customers.snapshot("ada").version == version


def test_who_has_a_contact_point_is_found_by_its_hash(ledger: Ledger) -> None:
    wait(ledger.facts.record_objections([ObjectionReport(NOON, contact_point=f" {MAIL.upper()}")]))
    assert [one.contact_point for one in ledger.customers.snapshot("ada").customer.objections] == [MAIL]


def test_what_moves_to_another_is_sealed_under_their_key(ledger: Ledger) -> None:
    wait(ledger.facts.record_customers([CustomerReport("bob", {"age": 41})]))
    before = ledger.customers.snapshot("ada").customer
    wait(ledger.customers.merge("bob", "ada"))
    after = ledger.customers.snapshot("ada").customer
    assert (after.customer_id, after.signals, after.contact_points) == ("bob", before.signals, before.contact_points)
    assert {one["value"] for one in ledger.customers.export("bob").outcomes} == {4711.25}
    assert [word for word in PLANTED if word in everything(ledger)] == []


def test_a_missing_key_is_told_of_and_nothing_is_made_up(store: Store, ledger: Ledger) -> None:
    change(store, "DELETE FROM data_keys")
    with pytest.raises(Tampered, match="the key of a customer is missing"):
        ledger.customers.snapshot("ada")


@pytest.mark.parametrize(
    ("attack", "complaint"),
    [
        ("UPDATE consents SET contact_point = basis", "the contact_point of a fact is not what was recorded"),
        ("UPDATE customers SET profile = 'x'", "the profile of a fact is not what was recorded"),
        ("UPDATE contact_points SET contact_point = 'another' || position", "the contact_point of a fact is not"),
    ],
    ids=["another part of the same fact", "no sealed text at all", "under another hash"],
)
def test_what_was_put_in_the_place_of_something_else_is_not_believed(
    store: Store, ledger: Ledger, attack: str, complaint: str
) -> None:
    change(store, attack)
    with pytest.raises(Tampered, match=complaint):
        ledger.customers.snapshot("ada")


def change(store: Store, statement: str) -> None:
    if str(store.location).startswith("postgresql"):
        with psycopg.connect(str(store.location), autocommit=True) as connection:
            connection.execute(statement.encode())
        return
    with closing(sqlite3.connect(store.location, isolation_level=None)) as connection:
        connection.execute(statement)


class TestCopies:
    """A copy of the file from before an erasure."""

    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        path, copy = tmp_path / "ledger.db", tmp_path / "copy" / "ledger.db"
        copy.parent.mkdir()
        with temporary_store(SQLITE, tmp_path) as store:
            with store.open(Clock()) as ledger:
                tell(ledger)
            shutil.copy(path, copy)
            with store.open(Clock()) as ledger:
                wait(ledger.customers.erase("ada"))
        return copy

    def test_says_nothing_to_whoever_has_no_key_of_the_ledger(self, copy: Path) -> None:
        content = copy.read_bytes()
        assert b"ada" in content
        assert [word for word in PLANTED if word.encode() in content] == []
        with pytest.raises(Unavailable, match="the key of the ledger is missing"):
            open_ledger(copy)

    def test_still_opens_with_the_key_of_the_ledger(self, copy: Path) -> None:
        """Which is why that key is kept elsewhere, and changed (`tests/serving/ledger/test_key_rotation.py`)."""
        shutil.copy(key_file(copy.parents[1] / "ledger.db"), key_file(copy))
        with open_ledger(copy) as ledger:
            as_told(ledger)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_cells_decrypt_as_they_were_encrypted_and_no_two_are_alike(count: int) -> None:
    key, texts = bytes(32), [b"x" * (n * 17) or b"-" for n in range(count)]
    closed = batch.encrypt_batch(key, texts)
    assert [batch.decrypt_batch(key, one).rstrip() for one in closed] == texts
    assert batch.decrypt_batch(key, b"".join(closed)).split() == texts
    assert {len(one) % batch.CELL_BYTES for one in closed} <= {0}
    assert len({*closed, *batch.encrypt_batch(key, texts)}) == 2 * count
