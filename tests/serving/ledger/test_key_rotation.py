"""The ledger gets another key: everything opens under the new one, nothing under the old one, and hashes stay."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from heed.cli import heed as command
from heed.decisioning.errors import Conflict, InvalidInput, Unavailable
from heed.serving.errors import Tampered
from heed.serving.ledger.audit.signing import public_key
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.location import parse_location
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.facts.reports import ConsentReport, CustomerReport, ObjectionReport
from heed.serving.ledger.rotate_key import rotate_key
from heed.serving.ledger.sqlite.key_file import key_file, new_key_file
from tests.serving.ledger.test_encrypted_facts import GRANT, MAIL, PLANTED, as_told, tell
from tests.support import postgres_server
from tests.support.ledger_builders import NOON, Clock, act, hold, wait
from tests.support.ledger_stores import BOTH, SQLITE, Store, temporary_store

NEW = "another key of the tests, as public as the first"


@pytest.fixture(params=BOTH, ids=lambda name: f"on {name}")
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A ledger in each database, under a key that was given."""
    with temporary_store(request.param, tmp_path) as found:
        yield Store(found.location, postgres_server.KEY)


def change(store: Store, new: str | None = NEW) -> int:
    return asyncio.run(rotate_key(parse_location(str(store.location)), store.key, new)).keys


def test_everything_reads_as_before_and_hashes_still_find(store: Store) -> None:
    with store.open(Clock()) as ledger:
        tell(ledger)
        wait(ledger.decisions.commit(act("d1", customer_id="bob", idempotency_key="key")))
        wait(ledger.facts.record_customers([CustomerReport("eve")]))
        wait(ledger.customers.erase("eve"))
        head, signer = ledger.audit.head().model_dump_json().encode(), ledger.audit.public_key()
    assert change(store) == 2
    with open_ledger(store.location, clock=Clock(), key=NEW) as ledger:
        as_told(ledger)
        assert ledger.idempotency_keys.find("shop", "key", "asked").answer == ledger.decisions.get("d1").answer
        assert not wait(ledger.customers.erase("eve")).erased
        wait(ledger.facts.record_objections([ObjectionReport(NOON, contact_point=MAIL)]))
        assert [one.contact_point for one in ledger.customers.snapshot("ada").customer.objections] == [MAIL]
        assert ledger.audit.public_key() == signer
        assert ledger.audit.verify(head).sound
        wait(ledger.decisions.commit(hold("d2", customer_id="new")))
        assert ledger.decisions.get("d2").answer
    with pytest.raises(Unavailable, match="the ledger has another key"):
        store.open(Clock())


def test_it_can_be_changed_again_and_again(store: Store) -> None:
    with store.open(Clock()) as ledger:
        tell(ledger)
    change(store)
    change(Store(store.location, NEW), postgres_server.KEY)
    with store.open(Clock()) as ledger:
        as_told(ledger)


def test_a_key_that_the_ledger_has_already_is_refused(store: Store) -> None:
    store.open(Clock()).close()
    with pytest.raises(Conflict, match="the ledger has the new key already"):
        change(store, store.key)
    change(store)
    with pytest.raises(Conflict, match=r"the ledger has the new key already .*; start with it"):
        change(store)


def test_a_wrong_key_changes_nothing(store: Store) -> None:
    store.open(Clock()).close()
    with pytest.raises(Unavailable, match="the ledger has another key"):
        change(Store(store.location, "neither the one nor the other"))
    store.open(Clock()).close()


@pytest.mark.parametrize(
    ("new", "complaint"), [(None, "the new key is missing"), ("short", "fewer than 16 characters")]
)
def test_a_new_key_must_be_given_and_be_long(store: Store, new: str | None, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        change(store, new)


def test_hashes_from_before_there_was_a_lasting_secret_stay_valid(store: Store) -> None:
    with store.open(Clock()) as ledger:
        tell(ledger)
    forget_the_secret(store)
    old = KeyRing(postgres_server.KEY.encode())
    with store.open(Clock()) as ledger:
        assert ledger.audit.public_key() == public_key(old)
        # Contact points were hashed under the secret that is gone: they are told again, as in a ledger of that time.
        wait(
            ledger.facts.record_customers(
                [CustomerReport("bob", contact_points=ledger.customers.snapshot("ada").customer.contact_points)]
            )
        )
        wait(ledger.customers.erase("bob"))
    change(store)
    with open_ledger(store.location, clock=Clock(), key=NEW) as ledger:
        assert ledger.audit.public_key() == public_key(old)
        assert not wait(ledger.customers.erase("bob")).erased
        wait(
            ledger.facts.record_customers(
                [CustomerReport("bob", contact_points=ledger.customers.snapshot("ada").customer.contact_points)]
            )
        )
        assert ledger.customers.snapshot("bob").customer.objections


def forget_the_secret(store: Store) -> None:
    statement = "UPDATE seals SET lasting = NULL"
    if str(store.location).startswith("postgresql"):
        with psycopg.connect(str(store.location), autocommit=True) as connection:
            connection.execute(statement)
        return
    with closing(sqlite3.connect(store.location, isolation_level=None)) as connection:
        connection.execute(statement)


def test_workers_with_the_old_key_write_nothing_more_and_say_so() -> None:
    with postgres_server.temporary_ledger() as url:
        store = Store(url, postgres_server.KEY)
        with store.open(Clock()) as worker:
            tell(worker)
            change(store)
            with pytest.raises(Tampered, match="not wrapped under the key that this process was started with"):
                worker.customers.snapshot("ada")
            for write in (
                worker.decisions.commit(hold("d1", customer_id="new")),
                worker.facts.record_customers([CustomerReport("another")]),
                worker.facts.record_consents([consent_of("third")]),
            ):
                with pytest.raises(Tampered, match=r"start again with the present key of the ledger"):
                    wait(write)
            with pytest.raises(Tampered, match="not wrapped under"):
                worker.healthy()
        with open_ledger(url, clock=Clock(), key=NEW) as ledger:
            as_told(ledger)
            assert not any(ledger.customers.snapshot(one).exists for one in ("new", "another", "third"))


def consent_of(customer_id: str) -> ConsentReport:
    return replace(GRANT, consent_id="third", customer_id=customer_id)


class TestTheFileBesideTheLedger:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        with temporary_store(SQLITE, tmp_path) as store, store.open(Clock()) as ledger:
            tell(ledger)
        return tmp_path / "ledger.db"

    def test_holds_the_new_key_afterwards(self, path: Path) -> None:
        old = key_file(path).read_bytes()
        assert asyncio.run(rotate_key(path, None, None)).key_file == key_file(path)
        assert key_file(path).read_bytes() != old
        assert key_file(path).stat().st_mode & 0o777 == 0o600
        assert not new_key_file(path).exists()
        with open_ledger(path) as ledger:
            as_told(ledger)

    @pytest.mark.parametrize("readonly", [False, True], ids=["opened to write", "opened to read"])
    def test_is_found_where_a_crash_left_the_new_key(self, path: Path, readonly: bool) -> None:  # noqa: FBT001
        old = key_file(path).read_bytes()
        asyncio.run(rotate_key(path, None, NEW))
        key_file(path).rename(new_key_file(path))
        key_file(path).write_bytes(old)
        with open_ledger(path, readonly=readonly) as ledger:
            as_told(ledger)
        assert new_key_file(path).exists() == readonly

    def test_is_still_the_old_one_where_the_change_did_not_take_place(self, path: Path) -> None:
        new_key_file(path).write_text(NEW)
        with open_ledger(path) as ledger:
            as_told(ledger)
        assert asyncio.run(rotate_key(path, None, None)).keys == 1

    def test_a_running_service_is_left_alone(self, path: Path) -> None:
        with open_ledger(path), pytest.raises(Unavailable, match="another process writes to this ledger"):
            asyncio.run(rotate_key(path, None, None))

    def test_no_copy_from_before_opens_once_the_old_key_is_gone(self, path: Path, tmp_path: Path) -> None:
        """The promise of erasure about copies: with the key of then they open, with the one of now they do not."""
        copy = tmp_path / "copy" / "ledger.db"
        copy.parent.mkdir()
        shutil.copy(path, copy)
        with open_ledger(path, clock=Clock()) as ledger:
            wait(ledger.customers.erase("ada"))
        asyncio.run(rotate_key(path, None, None))
        shutil.copy(key_file(path), key_file(copy))
        with pytest.raises(Unavailable, match="the ledger has another key"):
            open_ledger(copy)
        # Not even whoever gets past the door: what is wrapped does not unwrap.
        present = KeyRing(key_file(copy).read_bytes())
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.execute("UPDATE seals SET mark = ?, lasting = NULL", (present.mark,))
        with open_ledger(copy) as ledger, pytest.raises(Tampered, match="not wrapped under the key"):
            ledger.customers.snapshot("ada")
        assert [word for word in PLANTED if word.encode() in copy.read_bytes()] == []

    def test_is_changed_by_the_command_and_no_key_is_shown(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HEED_HOME", str(path.parent))
        monkeypatch.setenv("HEED_NEW_LEDGER_KEY", NEW)
        done = CliRunner().invoke(command, ["ledger", "rekey"])
        assert (done.exit_code, "1 customer keys are rewrapped" in done.output, NEW in done.output) == (0, True, False)
        assert key_file(path).read_text() == NEW
        given = path.with_name("given")
        given.write_text("a key that was written into a file\n")
        done = CliRunner().invoke(command, ["ledger", "rekey", "--new-key-file", str(given), "--json"])
        assert done.exit_code == 0, done.output
        assert key_file(path).read_text() == "a key that was written into a file"
