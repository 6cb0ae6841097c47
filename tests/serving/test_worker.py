"""Background jobs: which process runs them, and what is said of one whose last success is too old."""

import asyncio
import logging
from pathlib import Path

import pytest

from heed.decisioning.errors import InvalidInput, Unavailable
from heed.serving.bootstrap import bootstrap
from heed.serving.observability.job_monitor import JobMonitor
from heed.serving.runtime import Runtime
from heed.serving.settings import Settings
from heed.serving.worker import WORKER_PLACES, Job, Place, Worker, jobs_of, service_places
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import OFFERS, POLICY, active_versions, running_service

IN_EVERY_PROCESS = {"load-model", "policy-file", "champion"}
OF_THE_SERVICE = {"rule-stats", "api-keys"}
OF_THE_LEDGER = {"expire-reviews", "expire-messages"}


class Seconds:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    loaded = active_versions(FixedScorer({}), OFFERS, POLICY)
    return bootstrap(Settings(home=tmp_path), load=lambda: loaded)


@pytest.mark.parametrize(
    ("places", "names"),
    [
        pytest.param(
            service_places(separate=False), IN_EVERY_PROCESS | OF_THE_SERVICE | OF_THE_LEDGER, id="a service by default"
        ),
        pytest.param(service_places(separate=True), IN_EVERY_PROCESS | OF_THE_SERVICE, id="a service beside a worker"),
        pytest.param(WORKER_PLACES, IN_EVERY_PROCESS | OF_THE_LEDGER, id="a worker"),
    ],
)
def test_each_process_runs_the_jobs_of_its_kind(runtime: Runtime, places: frozenset[Place], names: set[str]) -> None:
    async def start() -> set[str]:
        async with Worker(runtime, places):
            return {status.name for status in runtime.jobs.statuses()}

    with runtime.ledger:
        assert asyncio.run(start()) == names


def test_a_job_whose_last_success_is_too_old_is_overdue_until_it_succeeds() -> None:
    seconds = Seconds()
    monitor = JobMonitor(seconds)
    monitor.start("expire-reviews", 30.0)
    seconds.now += 120.0
    (status,) = monitor.statuses()
    assert (status.age_seconds, status.overdue) == (120.0, False)
    seconds.now += 1.0
    monitor.fail("expire-reviews", Unavailable("the ledger is away"))
    (status,) = monitor.statuses()
    assert (status.error, status.overdue) == ("the ledger is away", True)
    monitor.succeed("expire-reviews")
    (status,) = monitor.statuses()
    assert (status.error, status.age_seconds, status.overdue) == (None, 0.0, False)


def test_a_failure_is_logged_once_and_the_text_of_an_unforeseen_one_never(caplog: pytest.LogCaptureFixture) -> None:
    monitor = JobMonitor()
    monitor.start("champion", 30.0)
    with caplog.at_level(logging.WARNING, "heed.serving"):
        for _ in range(3):
            monitor.fail("champion", RuntimeError("planted.person@example.org"))
    assert [record.getMessage() for record in caplog.records] == ["background job champion failed: RuntimeError"]


def test_a_job_that_fails_in_any_way_runs_again(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    async def flaky(_: Runtime) -> None:
        runs.append(len(runs))
        if len(runs) < 3:
            raise RuntimeError("not yet")

    job = Job("flaky", 0.001, flaky, Place.WORKER, at_start=True)
    monkeypatch.setattr("heed.serving.worker.jobs_of", lambda _: (job,))

    async def until_it_succeeds() -> None:
        async with Worker(runtime, WORKER_PLACES):
            while len(runs) < 3 or runtime.jobs.statuses()[0].error is not None:
                await asyncio.sleep(0.001)

    with runtime.ledger:
        asyncio.run(asyncio.wait_for(until_it_succeeds(), 10))


def test_an_overdue_job_is_degraded_by_name_and_the_service_stays_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_service(tmp_path) as heed:
        monkeypatch.setattr("heed.serving.observability.job_monitor._GRACE_SECONDS", -1000.0)
        heed.runtime.jobs.start("never-succeeds", 30.0)
        heed.runtime.jobs.fail("never-succeeds", Unavailable("the ledger is away"))
        found = heed.get("/readyz")
        assert (found["ready"], found["parts"]["jobs"]["state"]) == (True, "degraded")
        detail = found["parts"]["jobs"]["detail"]
        assert "never-succeeds has not succeeded for 0 seconds: the ledger is away" in detail


def test_rule_statistics_are_stored_when_a_process_stops(runtime: Runtime) -> None:
    (stored,) = (job for job in jobs_of(runtime) if job.at_stop)
    assert stored.name == "rule-stats"
    runtime.ledger.close()


def test_a_worker_of_its_own_is_refused_over_sqlite(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, background_jobs="separate")
    with pytest.raises(InvalidInput, match="a ledger in SQLite is written by one process"):
        bootstrap(settings)
    assert not list(tmp_path.iterdir())
