"""A clock that does not go back: nothing is decided at a time before the newest that is on record.

After a jump back the latest time stands still until the clock has caught up with it, so that what is recorded meanwhile
is never dated too early: a contact dated an hour early leaves the window of its cap an hour early. Nothing is decided
while the clock is behind by more than a moment, since neither time is to be trusted for quiet hours.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from heed.decisioning.errors import Unavailable

TOLERANCE = timedelta(seconds=1)


class MonotonicClock:
    """The present moment, never before one that was given out or observed.

    Parameters
    ----------
    clock : callable
        The system's clock, with an offset.
    tolerance : timedelta
        How far it may be behind and decisions still be made, at the time that stands still.
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
        """Take in a time that is on record, from this process or another."""
        if recorded is not None:
            self._later(recorded)

    @property
    def behind(self) -> timedelta:
        """How far the clock is behind the latest time; nothing where it is not."""
        now = self._clock()
        return max(timedelta(0), self._later(now) - now)

    def trouble(self) -> str | None:
        """Why nothing is decided at this time, None where it may be."""
        behind = self.behind
        if behind <= self._tolerance:
            return None
        return f"the clock is {behind.total_seconds():.0f} seconds behind the newest record"

    def require(self) -> None:
        """Return where decisions may be made at this time.

        Raises
        ------
        Unavailable
            If the clock has jumped back.
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
