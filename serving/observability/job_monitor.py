"""When each background job of this process last succeeded, and whether that is too long ago."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from heed.decisioning.errors import HeedError

logger = logging.getLogger("heed.serving")

# A job may miss this many runs, and take this long at the start or under load, before it is reported.
_MISSED_RUNS = 3
_GRACE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How one job is.

    Attributes
    ----------
    age_seconds : float
        Since its last success; since it was started, where it has not succeeded yet.
    error : str or None
        Why its last run failed, None where it did not.
    """

    name: str
    period_seconds: float
    age_seconds: float
    error: str | None

    @property
    def overdue(self) -> bool:
        """Whether its last success is too long ago."""
        return self.age_seconds > _MISSED_RUNS * self.period_seconds + _GRACE_SECONDS


@dataclass(slots=True)
class _Job:
    period_seconds: float
    succeeded_at: float
    error: str | None = None


class JobMonitor:
    """Takes down what comes of background jobs.

    Parameters
    ----------
    clock : callable
        Seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._jobs: dict[str, _Job] = {}

    def start(self, name: str, period_seconds: float) -> None:
        """Expect a job to succeed from now on."""
        self._jobs[name] = _Job(period_seconds, self._clock())

    def succeed(self, name: str) -> None:
        """Record that a job succeeded."""
        job = self._jobs[name]
        job.succeeded_at, job.error = self._clock(), None

    def fail(self, name: str, error: Exception) -> None:
        """Record that a job failed; it is logged once for as long as the reason stays the same.

        The text of an unforeseen error may hold personal data, so its kind alone is kept.
        """
        reason = str(error) if isinstance(error, HeedError) else type(error).__name__
        if reason != self._jobs[name].error:
            logger.warning("background job %s failed: %s", name, reason)
        self._jobs[name].error = reason

    def statuses(self) -> tuple[JobStatus, ...]:
        """All jobs of this process, in the order in which they were started."""
        now = self._clock()
        return tuple(
            JobStatus(name, job.period_seconds, now - job.succeeded_at, job.error) for name, job in self._jobs.items()
        )
