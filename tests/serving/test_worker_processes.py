"""`heed worker` as a process of its own: it works, services see it, and it ends with the right exit code."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from heed.serving.bootstrap import bootstrap
from heed.serving.ledger.reviews import NewReview
from heed.serving.runtime import Runtime
from heed.serving.settings import Settings
from tests.support import postgres_server
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import OFFERS, POLICY, active_versions
from tests.support.ledger_builders import review
from tests.support.paths import REPOSITORY

pytestmark = pytest.mark.slow

PATIENCE = 60.0


def until(come: Callable[[], bool], what: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < deadline, f"waited in vain for {what}\n{log.read_text()}"
        time.sleep(0.1)


@contextmanager
def worker(home: Path, log: Path, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`heed worker` with these settings, stopped by its own process id."""
    environment = {**os.environ, "HEED_HOME": str(home), "HEED_MODEL": str(home / "none"), **settings}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "heed", "worker"], env=environment, cwd=REPOSITORY, stdout=file, stderr=file
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(PATIENCE)


def jobs(runtime: Runtime) -> tuple[str, str]:
    part = asyncio.run(runtime.services.health.readiness()).parts["jobs"]
    return part.state, part.detail


def test_a_worker_expires_what_is_due_and_services_see_whether_it_is_there(tmp_path: Path) -> None:
    log, now = tmp_path / "worker.log", datetime.now(UTC)
    with postgres_server.temporary_ledger() as url:
        told = {"database_url": url, "ledger_key": postgres_server.KEY, "background_jobs": "separate"}
        loaded = active_versions(FixedScorer({}), OFFERS, POLICY)
        runtime = bootstrap(Settings(home=tmp_path, **told), load=lambda: loaded)
        runtime.deployment.try_load()
        with runtime.ledger as ledger:
            case = NewReview("overdue", now + timedelta(milliseconds=1))
            asyncio.run(ledger.decisions.commit(review("d1", at=now, review=case)))
            nobody = "no healthy `heed worker`: nothing expires and no webhook is pushed"
            assert jobs(runtime) == ("degraded", nobody)

            with worker(tmp_path, log, **{f"HEED_{name.upper()}": value for name, value in told.items()}) as process:
                until(lambda: jobs(runtime)[0] == "ok", "the worker to be seen", log)
                until(lambda: "expired" in [one.event for one in ledger.reviews.events("overdue")], "expiry", log)
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE) == 0, log.read_text()
            until(lambda: jobs(runtime) == ("degraded", nobody), "the worker to be missed", log)

            with worker(tmp_path, log, **{f"HEED_{name.upper()}": value for name, value in told.items()}) as process:
                until(lambda: jobs(runtime)[0] == "ok", "the second worker to be seen", log)
                process.kill()
                until(lambda: jobs(runtime) == ("degraded", nobody), "the killed worker to be missed", log)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        pytest.param(
            {},
            "heed: the service runs its background jobs itself in `HEED_BACKGROUND_JOBS`: `inside`; "
            "set it to separate, for the service and for the worker",
            id="by default the service is its own worker",
        ),
        pytest.param(
            {"HEED_BACKGROUND_JOBS": "separate"},
            "heed: a ledger in SQLite is written by one process in `HEED_BACKGROUND_JOBS`: `separate`; "
            "set HEED_DATABASE_URL to a PostgreSQL database, or HEED_BACKGROUND_JOBS to inside",
            id="one process writes a ledger in SQLite",
        ),
    ],
)
def test_a_worker_without_work_of_its_own_is_refused_in_one_line(
    tmp_path: Path, settings: dict[str, str], line: str
) -> None:
    with worker(tmp_path, tmp_path / "worker.log", **settings) as process:
        assert process.wait(PATIENCE) == 2
    assert (tmp_path / "worker.log").read_text().splitlines() == [line]


def test_a_service_that_leaves_its_jobs_to_a_worker_is_refused_over_sqlite(tmp_path: Path) -> None:
    environment = {**os.environ, "HEED_HOME": str(tmp_path), "HEED_BACKGROUND_JOBS": "separate"}
    ended = subprocess.run(
        [sys.executable, "-m", "heed", "serve"], env=environment, cwd=REPOSITORY, capture_output=True, check=False
    )
    assert ended.returncode == 2
    assert b"a ledger in SQLite is written by one process" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
