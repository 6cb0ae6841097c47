"""Text of times, spans and lists in the reasons of verdicts. Receipts record it, so it is stable."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_MINUTE = timedelta(minutes=1)
_ALMOST_A_MINUTE = _MINUTE - timedelta(microseconds=1)


def format_moment(at: datetime) -> str:
    """Text of a moment to the minute in UTC, rounded up, so that a promise holds at the stated time."""
    later = at.astimezone(UTC) + _ALMOST_A_MINUTE
    return f"{later.isoformat(' ', 'minutes')[:16]} UTC"


def format_day(at: datetime) -> str:
    """Date of a moment in UTC."""
    return at.astimezone(UTC).date().isoformat()


@lru_cache(maxsize=1024)
def format_span(length: timedelta) -> str:
    """Length in the largest unit that divides it: ``7 days``, ``24 hours``, ``90 minutes``.

    One day is written as 24 hours, since rules count real time and not calendar days.
    """
    for unit, one in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", _MINUTE)):
        count, rest = divmod(length, one)
        if not rest and not (unit == "day" and count == 1):
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{length.total_seconds():g} seconds"


def join_or(names: Iterable[str]) -> str:
    """Join names with commas and a final ``or``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
