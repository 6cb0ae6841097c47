"""A clock that never goes back behind the newest record.

After the system's clock jumps back, this one stands still until the system's has caught up, so nothing is dated too
early: a contact dated an hour early would leave the window of its cap an hour early. While the clock is behind by more
than a second nothing is decided, since neither time can be trusted for quiet hours.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from heed.decisioning.errors import Unavailable

TOLERANCE = timedelta(seconds=1)


class MonotonicClock:
    """The present moment, never before one that it returned or observed.

    Parameters
    ----------
    clock : callable
        The system's clock, with an offset.
    tolerance : timedelta
        How far the system's clock may be behind while decisions are still made.
    """

    def __init__(self, clock: Callable[[], datetime], tolerance: timedelta = TOLERANCE) -> None:
        self._clock = clock
        self._tolerance = tolerance
        self._lock = Lock()
        self._latest: datetime | None = None

    def __call__(self) -> datetime:
        """The present moment, or the latest one where the clock is behind it."""
        return self._later(self._clock())

    def observe(self, recorded: datetime | None) -> None:
        """Never go back behind a time on record, from this process or another."""
        if recorded is not None:
            self._later(recorded)

    @property
    def behind(self) -> timedelta:
        """How far the system's clock is behind; zero where it is not."""
        now = self._clock()
        return max(timedelta(0), self._later(now) - now)

    def trouble(self) -> str | None:
        """Why nothing can be decided now, None where it can."""
        behind = self.behind
        if behind <= self._tolerance:
            return None
        return f"the clock is {behind.total_seconds():.0f} seconds behind the newest record"

    def require(self) -> None:
        """Return if decisions can be made now.

        Raises
        ------
        Unavailable
            If the system's clock has jumped back.
        """
        trouble = self.trouble()
        if trouble is not None:
            remedy = "set the clock; decisions go on by themselves once it has caught up"
            raise Unavailable(trouble, field="clock", remedy=remedy)

    def _later(self, now: datetime) -> datetime:
        with self._lock:
            if self._latest is None or now > self._latest:
                self._latest = now
            return self._latest
