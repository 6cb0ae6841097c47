import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta

import pytest

from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.facts.reports import CustomerReport
from heed.serving.ledger.migrate import upgrade
from tests.support import ledger_load_process
from tests.support.ledger_builders import NOON, Clock, act, act_within_cap, count_contacts, new_ledger, wait
from tests.support.paths import REPOSITORY

ANSWERS_BEFORE_KILL = (40, 1, 200, 90, 400)
LONGEST_ROUND_SECONDS = 30


def answers_until_killed(path, number, wanted, manner="honest"):
    """Start the load, read `wanted` answers, kill it without warning, and return every answer that got out."""
    command = [sys.executable, "-m", "tests.support.ledger_load_process", str(path), str(number), manner]
    load = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    alarm = threading.Timer(LONGEST_ROUND_SECONDS, load.kill)
    alarm.start()
    try:
        seen = [load.stdout.readline() for _ in range(wanted)]
        os.kill(load.pid, signal.SIGKILL)
        rest, errors = load.communicate(timeout=LONGEST_ROUND_SECONDS)
    finally:
        alarm.cancel()
        load.kill()
    assert load.returncode == -signal.SIGKILL, errors
    # The kill may cut the last line short: a client that did not get all of its answer did not get it.
    return [line.split() for line in ("".join(seen) + rest).split("\n")[:-1]]


@pytest.mark.slow
def test_a_process_killed_under_load_has_answered_nothing_that_the_ledger_lost(tmp_path):
    path = tmp_path / "ledger.db"
    upgrade(path)
    answered = []
    for number, wanted in enumerate(ANSWERS_BEFORE_KILL):
        answered += answers_until_killed(path, number, wanted)
    assert len(answered) >= sum(ANSWERS_BEFORE_KILL)
    with open_ledger(path) as ledger, closing(sqlite3.connect(path)) as connection:
        recorded = dict(connection.execute("SELECT decision_id, idempotency_key FROM decisions"))
        assert [one for one, _ in answered if one not in recorded] == []
        customers = [row[0] for row in connection.execute("SELECT DISTINCT customer_id FROM contacts")]
        contacts = {one: ledger.customers.snapshot(one).customer.contacts for one in customers}
        assert {one: len(held) for one, held in contacts.items() if len(held) > ledger_load_process.CAP} == {}
        assert sum(len(held) for held in contacts.values()) == len(recorded) == len(set(recorded.values()))
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (len(recorded),)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        retried = [wait(ledger.decisions.commit(act("new", idempotency_key=key))) for _, key in answered[:5]]
        assert [one.decision_id for one in retried] == [one for one, _ in answered[:5]]


@pytest.mark.slow
def test_the_same_checker_catches_a_process_that_answers_before_it_commits(tmp_path):
    path = tmp_path / "ledger.db"
    upgrade(path)
    answered = answers_until_killed(path, 0, 300, manner="hasty")
    with open_ledger(path) as ledger:
        recorded = {one.decision_id for one in ledger.decisions.list(limit=len(answered))}
    assert recorded
    assert {one for one, _ in answered} - recorded


def test_a_cap_holds_under_eight_threads_each_with_many_tasks(tmp_path):
    with new_ledger(tmp_path, Clock()) as ledger:
        taken = []

        async def press(thread):
            tries = (act_within_cap(ledger, f"{thread}-{n}", f"c{n % 3}", cap=3) for n in range(12))
            taken.extend(one for one in await asyncio.gather(*tries) if one is not None)

        threads = [threading.Thread(target=lambda n=n: wait(press(n))) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(taken) == 9
        for customer in ("c0", "c1", "c2"):
            assert count_contacts(ledger.customers.snapshot(customer).customer.contacts, NOON, timedelta(days=7)) == 3


def test_without_the_second_look_and_the_version_the_same_pressure_breaks_the_cap(tmp_path, monkeypatch):
    monkeypatch.setattr("heed.serving.ledger.decisions.commit._require_fresh", lambda *_: None)
    with new_ledger(tmp_path, Clock()) as ledger:
        wait(ledger.facts.record_customers([CustomerReport("ada")]))

        async def press():
            return await asyncio.gather(*(act_within_cap(ledger, f"d{n}", "ada", cap=3) for n in range(12)))

        assert sum(one is not None for one in wait(press())) > 3
