"""Background jobs: the one place that lists them, with their periods, and runs them.

=================  ====================  =========================================  =======
job                period                what it does                               runs in
=================  ====================  =========================================  =======
load-model         2 s                   load model and policy until both are there  every process
policy-file        HEED_POLICY_SECONDS   reload the policy file if it changed       every process
champion           HEED_CHAMPION_SECONDS  load a new champion of the registry       every process
rule-stats         30 s, and at the end  store what rules have said                 service
api-keys           2 s                   read keys, store when they were used       service
expire-reviews     30 s                  settle overdue review cases as hold        worker
expire-messages    30 s                  withdraw messages that waited too long     worker
push <origin>      0.5 s                 push messages to one webhook               worker
=================  ====================  =========================================  =======

By default each process of the service is its own worker and runs them all. With ``HEED_BACKGROUND_JOBS=separate`` the
jobs of the worker run in ``heed worker`` alone. `/readyz` calls ``jobs`` degraded, and stays ready, where the last
success of a job of the process is older than three periods and half a minute, or where jobs are separate and no
healthy worker is there.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Self

from heed.serving.auth.key_refresh import KEY_REFRESH_SECONDS
from heed.serving.garbage_collection import tune_gc
from heed.serving.runtime import Runtime

logger = logging.getLogger("heed.serving")

_LOAD_SECONDS = 2.0
_EXPIRY_SECONDS = 30.0
_STATS_SECONDS = 30.0
_PUSH_SECONDS = 0.5
_ANNOUNCE_SECONDS = 10.0


class Place(Enum):
    """Where a job runs: what it changes is in every process, in the service's, or in the ledger."""

    EVERY_PROCESS = "every process"
    SERVICE = "service"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Job:
    """One background job.

    Attributes
    ----------
    period_seconds : float
        From the end of a run to the next.
    at_start, at_stop : bool
        Whether it runs once more as soon as it is started, and when it is stopped.
    """

    name: str
    period_seconds: float
    run: Callable[[Runtime], Awaitable[None]]
    place: Place
    at_start: bool = False
    at_stop: bool = False


def service_places(*, separate: bool) -> frozenset[Place]:
    """Which jobs a process of the service runs."""
    return frozenset(Place) - ({Place.WORKER} if separate else set())


WORKER_PLACES = frozenset({Place.EVERY_PROCESS, Place.WORKER})


def jobs_of(runtime: Runtime) -> tuple[Job, ...]:
    """All jobs that run at intervals; webhooks are pushed by workers of their own."""
    settings = runtime.settings
    return (
        Job("load-model", _LOAD_SECONDS, _load_model, Place.EVERY_PROCESS, at_start=True),
        Job("policy-file", settings.policy_seconds, _reload_policy, Place.EVERY_PROCESS),
        Job("champion", settings.champion_seconds, _poll_champion, Place.EVERY_PROCESS),
        Job("rule-stats", _STATS_SECONDS, _store_rule_stats, Place.SERVICE, at_stop=True),
        Job("api-keys", KEY_REFRESH_SECONDS, _refresh_keys, Place.SERVICE),
        Job("expire-reviews", _EXPIRY_SECONDS, _expire_reviews, Place.WORKER, at_start=True),
        Job("expire-messages", _EXPIRY_SECONDS, _expire_messages, Place.WORKER, at_start=True),
    )


class Worker:
    """Runs the jobs of one process for as long as it is entered.

    Parameters
    ----------
    places : frozenset of Place
        Whose jobs run here.
    """

    def __init__(self, runtime: Runtime, places: frozenset[Place]) -> None:
        self._runtime = runtime
        self._jobs = [job for job in jobs_of(runtime) if job.place in places]
        self._webhook_workers = runtime.webhook_workers if Place.WORKER in places else ()
        self._monitor = runtime.jobs
        self._tasks: list[asyncio.Task[None]] = []
        self._pushes: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start all jobs."""
        for job in self._jobs:
            self._monitor.start(job.name, job.period_seconds)
            self._tasks.append(asyncio.create_task(self._repeat(job)))
        for webhook_worker in self._webhook_workers:
            name = f"push {webhook_worker.endpoint.origin}"
            self._monitor.start(name, _PUSH_SECONDS)
            report = (partial(self._monitor.succeed, name), partial(self._monitor.fail, name))
            self._pushes.append(asyncio.create_task(webhook_worker.run(*report)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let attempts under way come to their end, and stop."""
        await asyncio.gather(*(webhook_worker.stop() for webhook_worker in self._webhook_workers), *self._pushes)
        await _cancel(self._tasks)
        for job in self._jobs:
            if job.at_stop:
                await self._run(job)

    async def _repeat(self, job: Job) -> None:
        if not job.at_start:
            await asyncio.sleep(job.period_seconds)
        while True:
            await self._run(job)
            await asyncio.sleep(job.period_seconds)

    async def _run(self, job: Job) -> None:
        try:
            await job.run(self._runtime)
        except Exception as error:  # noqa: BLE001  a job that fails is reported and runs again
            self._monitor.fail(job.name, error)
        else:
            self._monitor.succeed(job.name)


async def run_worker(runtime: Runtime) -> None:
    """Run the worker's jobs until the process is asked to stop, and let services see that it is there."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Worker(runtime, WORKER_PLACES):
        announcing = asyncio.create_task(_announce(runtime))
        await stop.wait()
        await _cancel([announcing])


async def _announce(runtime: Runtime) -> None:
    """Hold the worker's name for as long as no job is overdue."""
    while True:
        overdue = [status.name for status in runtime.jobs.statuses() if status.overdue]
        if overdue:
            logger.warning("background jobs are overdue: %s", ", ".join(overdue))
        try:
            await runtime.services.presence.announce(healthy=not overdue)
        except Exception as error:  # noqa: BLE001  the database may be away, and the worker stays
            logger.warning("the worker could not announce itself: %s", type(error).__name__)
        await asyncio.sleep(_ANNOUNCE_SECONDS)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _load_model(runtime: Runtime) -> None:
    """Try until model and policy are there; answers are 503 until then."""
    if not runtime.deployment.ready and await asyncio.to_thread(runtime.deployment.try_load):
        tune_gc()


async def _reload_policy(runtime: Runtime) -> None:
    """Read the policy file, in case its status does not show that it changed."""
    await asyncio.to_thread(runtime.deployment.reload)


async def _poll_champion(runtime: Runtime) -> None:
    if await asyncio.to_thread(runtime.deployment.poll_model):
        tune_gc()


async def _store_rule_stats(runtime: Runtime) -> None:
    await runtime.services.policy.store_rule_stats()


async def _refresh_keys(runtime: Runtime) -> None:
    await runtime.services.keys.refresh()


async def _expire_reviews(runtime: Runtime) -> None:
    await runtime.services.reviews.expire()


async def _expire_messages(runtime: Runtime) -> None:
    await runtime.services.delivery.expire()
