"""When a failed delivery is tried again: after growing waits over days, with full jitter."""

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# As Standard Webhooks suggests. The first attempt is made at once; these are the waits after each failure.
BACKOFF = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(BACKOFF) + 1
MAX_WAIT = BACKOFF[-1]


def next_attempt(message_id: str, attempts: int, now: datetime, requested: timedelta | None = None) -> datetime | None:
    """When to try again after so many attempts, None where it was the last one.

    Full jitter: anywhere between now and the wait of the schedule, drawn from the message's id and the number of the
    attempt, so that messages that failed together do not come back together.

    Parameters
    ----------
    attempts : int
        How many were made, 1 at least.
    requested : timedelta, optional
        The wait that the executor requested; never shortened, but capped at a day.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    wait = BACKOFF[attempts - 1] * _share(message_id, attempts)
    return now + max(wait, min(requested or timedelta(0), MAX_WAIT))


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The wait that a ``Retry-After`` header requests (RFC 9110, 10.2.3): seconds or a date, else None."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), MAX_WAIT)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    then = then.replace(tzinfo=UTC) if then.tzinfo is None else then
    return min(max(then - now, timedelta(0)), MAX_WAIT)


def _share(message_id: str, attempts: int) -> float:
    """A number in [0, 1), uniform over messages and attempts: 53 bits of SHA-256."""
    digest = hashlib.sha256(f"{message_id}#{attempts}".encode()).digest()
    return (int.from_bytes(digest[:8]) >> 11) / (1 << 53)
