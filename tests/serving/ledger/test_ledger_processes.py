"""Several processes on one PostgreSQL: what each promises holds for all of them together."""

import json
import subprocess
import sys
from collections import Counter

import psycopg
import pytest
from sqlalchemy import func, select

from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.schema import contacts
from tests.support import postgres_server
from tests.support.ledger_rush_process import CAP, CUSTOMERS, LIMIT, LIMITED, WINDOW
from tests.support.paths import REPOSITORY

PROCESSES = 3
SECONDS = 4


def rush(url: str) -> Counter[str]:
    command = [sys.executable, "-m", "tests.support.ledger_rush_process", url]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen([*command, f"p{n}", str(SECONDS)], cwd=REPOSITORY, **pipes) for n in range(PROCESSES)]
    done: Counter[str] = Counter()
    for process in started:
        said, complaints = process.communicate(timeout=120)
        assert (process.returncode, complaints) == (0, "")
        done.update(json.loads(said))
    return done


@pytest.mark.slow
def test_caps_and_limits_hold_over_processes_and_every_wait_ends():
    with postgres_server.temporary_ledger() as url:
        # What `failed` frees may be taken again, so the bounds are held by what counts at any one moment.
        done = rush(url)
        with open_ledger(url, key=postgres_server.KEY) as ledger:
            read = ledger._database.read
            counted = {
                who: [one for one in ledger.customers.snapshot(who).customer.contacts if one.counts]
                for who in CUSTOMERS
            }
            assert {who: len(found) for who, found in counted.items() if len(found) > CAP} == {}
            limited = read(lambda one: one.rows(select(func.count()).where(LIMITED_SLOTS), {}))[0][0]
            assert limited <= LIMIT
            told = sum(one.contacts for one in ledger.facts.volumes((WINDOW,)))
            slots = read(lambda one: one.rows(select(func.count()).where(COUNTED), {}))[0][0]
            assert told == slots
            assert ledger.audit.verify().sound
        assert done["_act: True"] > 0
        assert done["_limited: True"] > 0
        with psycopg.connect(url) as connection:
            waiting = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
        assert waiting == (0,)


COUNTED = contacts.c.state != "released"
LIMITED_SLOTS = COUNTED & (contacts.c.action_id == LIMITED.action_id)
