"""What PostgreSQL is held to: that a commit is on the disk, and that its clock and the host's agree."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import func, select

from heed.decisioning.errors import Unavailable
from heed.decisioning.recheck_result import ALLOWED
from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.facts.reports import SignalReport
from heed.serving.ledger.leases import DeliveryCheck
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.operations.kill_switch import StopOrder
from heed.serving.ledger.postgres import database
from heed.serving.ledger.postgres.database import PostgresDatabase
from heed.serving.ledger.postgres.limits import Limits
from heed.serving.ledger.postgres.server_checks import ALLOWANCE, ServerState
from heed.serving.ledger.reviews import Execution, NewReview
from tests.support import postgres_server
from tests.support.ledger_builders import MAIL, NOON, act, hold, review, wait

PASSES = DeliveryCheck(lambda _: ALLOWED, None, timedelta(days=1), most_attempts=3)


@contextmanager
def told(url, options, *, trusting=False):
    """A ledger whose sessions have these settings."""
    place = PostgresLocation(psycopg.conninfo.make_conninfo(url, options=options))
    with pytest.MonkeyPatch.context() as patched:
        if trusting:
            patched.setattr(database, "require_durable", lambda _: None)
        with Ledger(PostgresDatabase.open(place, key=postgres_server.KEY)) as opened:
            yield opened


def shown(ledger, setting):
    return ledger._database.read(lambda one: one.rows(select(func.current_setting(setting)), {}))[0][0]


class Skewed:
    """The system's clock, as far off as a test says."""

    off = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.off


class TestTrust:
    @pytest.mark.parametrize(
        ("setting", "session"),
        [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")],
        ids=["a server that does not wait", "one that waits for its own disk", "one that waits for its replicas"],
    )
    def test_each_commit_waits_for_the_disk_whatever_the_server_says(self, url, setting, session):
        with told(url, f"-c synchronous_commit={setting} -c {ALLOWANCE}=on") as ledger:
            assert shown(ledger, "synchronous_commit") == setting
        with told(url, f"-c synchronous_commit={setting} -c {ALLOWANCE}=off", trusting=True) as ledger:
            assert shown(ledger, "synchronous_commit") == session

    @pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
    def test_a_server_that_may_lose_what_it_committed_is_refused(self, url, setting, monkeypatch):
        keeps = ServerState(read_only=False, fsync=True, full_page_writes=True, loss_allowed=False, now=0)
        monkeypatch.setattr(database, "inspect_server", lambda _: replace(keeps, **{setting: False}))
        with pytest.raises(Unavailable, match=f"runs with `{setting} = off` .*set `{setting} = on` in postgresql.conf"):
            open_ledger(url, key=postgres_server.KEY)

    def test_the_server_of_the_tests_is_refused_once_it_does_not_say_that_it_is_one(self, url):
        with pytest.raises(Unavailable, match="PostgreSQL runs with `fsync = off`"), told(url, f"-c {ALLOWANCE}=off"):
            pass


class TestTime:
    """The clock of a host is held against the server's, by which all hosts judge alike."""

    @pytest.fixture
    def watch(self):
        return Skewed()

    @pytest.fixture
    def timed(self, url, watch):
        with open_ledger(url, clock=watch, key=postgres_server.KEY, limits=Limits(skew=5.0)) as opened:
            yield opened

    @pytest.mark.parametrize(
        ("seconds", "said"),
        [(-60, r"(59|60)\.\d seconds behind PostgreSQL's"), (60, r"6\d\.\d seconds ahead of PostgreSQL's")],
        ids=["behind", "ahead"],
    )
    def test_nothing_is_decided_approved_or_handed_over_by_a_clock_that_is_far_off(self, timed, watch, seconds, said):
        wait(timed.decisions.commit(act("d1", "ada")))
        case = NewReview("case-d2", watch() + timedelta(hours=1))
        wait(timed.decisions.commit(review("d2", "bob", review=case)))
        fence = wait(timed.reviews.claim("case-d2", "ann")).fence
        watch.off = timedelta(seconds=seconds)
        with pytest.raises(Unavailable, match=said):
            wait(timed.decisions.commit(hold("d3")))
        with pytest.raises(Unavailable, match=said):
            wait(timed.reviews.approve("case-d2", "ann", fence, execution=Execution("s", MAIL), allowed=lambda _: None))
        with pytest.raises(Unavailable, match=said):
            wait(timed.outbox.lease("execute:d1", "press", timedelta(minutes=1), PASSES))
        with pytest.raises(Unavailable, match=rf"{said}.*set both clocks by NTP"):
            timed.healthy()
        assert [one.decision_id for one in timed.decisions.list()] == ["d2", "d1"]

    def test_facts_are_taken_and_orders_to_stop_obeyed_whatever_the_clock(self, timed, watch):
        watch.off = timedelta(hours=1)
        assert wait(timed.facts.record_signals([SignalReport("s1", "ada", NOON, "click")])).accepted == 1
        assert len(wait(timed.kill_switch.stop(StopOrder("a test", "ann")))) == 1

    def test_a_moment_is_no_skew(self, timed, watch):
        watch.off = timedelta(seconds=1)
        assert wait(timed.decisions.commit(hold("d1"))).decision_id == "d1"
        timed.healthy()
