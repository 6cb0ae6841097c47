"""A ledger in PostgreSQL behind a line that is slow, cut, dead or shut: an answer in time, nothing twice or half."""

import asyncio
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.postgres.database import PostgresDatabase
from heed.serving.ledger.postgres.limits import Limits
from tests.support import postgres_server
from tests.support.faulty_proxy import FaultyProxy, proxy_to
from tests.support.ledger_builders import act, wait

HASTY = Limits(writers=4, readers=2, connect=2.0, statement=2.0, silence=0.5, job=5.0)
# Beyond all bounds of a job: whoever waits longer was forgotten.
FORGOTTEN = 30.0


@contextmanager
def line_and_url():
    """A line, and the URL of an empty ledger behind it."""
    with postgres_server.temporary_ledger() as url:
        told = psycopg.conninfo.conninfo_to_dict(url)
        with proxy_to(str(Path(told["host"]) / ".s.PGSQL.5432")) as line:
            yield line, f"postgresql://{told['user']}@127.0.0.1:{line.port}/{told['dbname']}"


@pytest.fixture
def line_and_ledger(clock):
    with line_and_url() as (line, url), Ledger(_open(url, clock)) as ledger:
        yield line, ledger


def _open(url, clock):
    return PostgresDatabase.open(PostgresLocation(url), clock=clock, key=postgres_server.KEY, limits=HASTY)


async def tried(ledger: Ledger, *names: str) -> list[str | Unavailable]:
    """What becomes of acts of as many customers at once: the decision's id, or why there is none."""
    work = (ledger.decisions.commit(act(one, one, idempotency_key=one)) for one in names)
    found = await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), FORGOTTEN)
    assert all(isinstance(one, Unavailable) or not isinstance(one, BaseException) for one in found), found
    return [one if isinstance(one, Unavailable) else one.decision_id for one in found]


def recorded(ledger: Ledger) -> set[str]:
    return {one.decision_id for one in ledger.decisions.list(limit=500)}


def come_back(ledger: Ledger) -> None:
    """Wait until connections that were given up have been made again, which is tried with growing pauses."""
    deadline = monotonic() + FORGOTTEN
    while monotonic() < deadline:
        with suppress(Unavailable):
            ledger.healthy()
            return
        sleep(0.1)
    raise AssertionError("the ledger did not come back")


def test_a_slow_line_makes_answers_slow_and_nothing_else(line_and_ledger):
    line, ledger = line_and_ledger
    line.delay = 0.02
    names = [f"d{n}" for n in range(4)]
    assert wait(tried(ledger, *names)) == names
    assert recorded(ledger) == set(names)


def test_what_a_cut_line_left_unanswered_is_found_or_made_by_a_retry_once(line_and_ledger):
    line, ledger = line_and_ledger
    names = [f"d{n}" for n in range(60)]

    async def press():
        first = asyncio.create_task(tried(ledger, *names))
        for _ in range(6):
            await asyncio.sleep(0.05)
            await asyncio.to_thread(line.cut)
        return await first

    answered = wait(press())
    assert {one for one in answered if isinstance(one, str)} <= recorded(ledger)
    assert wait(tried(ledger, *names)) == names
    assert recorded(ledger) == set(names)
    assert all(len(ledger.customers.snapshot(one).customer.contacts) == 1 for one in names)


def test_a_dead_line_is_given_up_in_time_and_works_again_when_it_lives(line_and_ledger):
    line, ledger = line_and_ledger
    wait(tried(ledger, "before"))
    line.dead = True
    (unanswered,) = wait(tried(ledger, "meanwhile"))
    assert isinstance(unanswered, Unavailable)
    with pytest.raises(Unavailable):
        ledger.healthy()
    line.dead = False
    come_back(ledger)
    assert wait(tried(ledger, "meanwhile", "after")) == ["meanwhile", "after"]
    assert recorded(ledger) == {"before", "meanwhile", "after"}


def test_a_line_that_is_shut_is_an_error_at_once_and_no_act(line_and_ledger):
    line, ledger = line_and_ledger
    line.shut = True
    line.cut()
    assert all(isinstance(one, Unavailable) for one in wait(tried(ledger, "a", "b")))
    line.shut = False
    come_back(ledger)
    assert recorded(ledger) == set()
    assert wait(tried(ledger, "a", "b")) == ["a", "b"]


def test_the_line_carries_what_it_is_given():
    with line_and_url() as (line, url), psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert isinstance(line, FaultyProxy)
        assert line.carried > 0
