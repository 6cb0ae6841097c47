"""Tampering is found and erasing leaves the chains whole, whatever database keeps the ledger."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from heed.decisioning.customer import ContactPoint
from heed.decisioning.errors import NotFound
from heed.serving.errors import CustomerErased
from heed.serving.ledger.facts.reports import CustomerReport, SignalReport
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.schema import decisions
from tests.support.ledger_builders import NOON, Clock, act, hold, review, wait
from tests.support.ledger_stores import Store


def tamper(store: Store, statement: str) -> None:
    if isinstance(store.location, Path):
        with closing(sqlite3.connect(store.location, isolation_level=None)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)
        return
    with psycopg.connect(store.location, autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        server.execute(statement.encode())


def fill(ledger: Ledger) -> None:
    for n in range(12):
        wait(ledger.decisions.commit(hold(f"d{n}", f"c{n}", idempotency_key=f"k{n}")))


@pytest.mark.parametrize(
    ("statement", "what", "decision_id"),
    [
        pytest.param("UPDATE decisions SET action_id = 'x' WHERE decision_id = 'd3'", "edited", "d3", id="an edit"),
        pytest.param("UPDATE decisions SET at = at + 1 WHERE decision_id = 'd0'", "edited", "d0", id="another time"),
        pytest.param("DELETE FROM decisions WHERE decision_id = 'd11'", "deleted", "d11", id="a deletion"),
        pytest.param("DELETE FROM links WHERE record = 'd5'", "inserted", "d5", id="a link that is gone"),
    ],
)
def test_what_was_tampered_with_is_named(
    store: Store, clock: Clock, statement: str, what: str, decision_id: str
) -> None:
    with store.open(clock) as ledger:
        fill(ledger)
        assert (ledger.audit.verify().sound, ledger.audit.verify().links) == (True, 12)
        tamper(store, statement)
        assert (what, decision_id) in {(one.what, one.decision_id) for one in ledger.audit.verify().findings}


def test_an_inserted_decision_is_named(store: Store, clock: Clock) -> None:
    columns = ", ".join(one.name for one in decisions.c if one.name not in ("decision_id", "idempotency_key"))
    with store.open(clock) as ledger:
        fill(ledger)
        forged = f"SELECT 'forged', {columns} FROM decisions WHERE decision_id = 'd3'"
        tamper(store, f"INSERT INTO decisions (decision_id, {columns}) {forged}")
        assert [(one.what, one.decision_id) for one in ledger.audit.verify().findings] == [("inserted", "forged")]


def test_erasing_leaves_the_record_and_nothing_of_the_person(store: Store, clock: Clock) -> None:
    with store.open(clock) as ledger:
        wait(ledger.facts.record_customers([CustomerReport("ada", contact_points=[ContactPoint("ada@x", "email")])]))
        wait(ledger.facts.record_signals([SignalReport("s1", "ada", NOON, "open")]))
        wait(
            ledger.decisions.commit(
                act("d1", seen_version=ledger.customers.snapshot("ada").version, idempotency_key="k")
            )
        )
        wait(ledger.decisions.commit(review("d2", seen_version=ledger.customers.snapshot("ada").version)))
        anchor = ledger.audit.head().model_dump_json()
        assert ledger.outbox.ready()[0].payload == "send for d1"
        assert [one["decision_id"] for one in ledger.customers.export("ada").decisions] == ["d1", "d2"]
        assert wait(ledger.customers.erase("ada")).erased
        assert not wait(ledger.customers.erase("ada")).erased
        assert (ledger.outbox.ready(), ledger.customers.snapshot("ada").exists) == ((), False)
        assert (ledger.decisions.get("d1").customer_id, ledger.decisions.get("d1").action_id) == (None, "spring_sale")
        with pytest.raises(CustomerErased, match="the customer of this decision was erased"):
            ledger.decisions.receipt("d1")
        with pytest.raises(NotFound, match="no such customer"):
            ledger.customers.export("ada")
        assert ledger.reviews.get("case-d2").state.value == "rejected"
        assert ledger.audit.verify(anchor).sound
