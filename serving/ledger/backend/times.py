"""The clock, and moments as the ledger stores them: integer microseconds since 1970 in UTC, exact both ways."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from heed.decisioning.customer import EPOCH, microseconds
from heed.decisioning.errors import InvalidInput


def system_clock() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 in UTC.

    Raises
    ------
    InvalidInput
        If the time carries no offset.
    """
    if moment.tzinfo is None:
        remedy = "give an offset, such as `Z`"
        raise InvalidInput("a time without an offset names no moment", value=moment.isoformat(), remedy=remedy)
    return microseconds(moment)


def to_micros_or_none(moment: datetime | None) -> int | None:
    """Microseconds, or None for None."""
    return None if moment is None else to_micros(moment)


def from_micros(stored: int) -> datetime:
    """The moment that `stored` microseconds stand for, in UTC."""
    return EPOCH + timedelta(microseconds=stored)


def from_micros_or_none(stored: int | None) -> datetime | None:
    """The moment, or None for None."""
    return None if stored is None else from_micros(stored)


def from_micros_many(stored: Sequence[int]) -> list[datetime]:
    """Many moments at once, about five times as fast as one by one."""
    return list(map(EPOCH.__add__, np.asarray(stored, dtype=np.int64).view("timedelta64[us]").tolist()))


Clock = Callable[[], datetime]
"""The present moment, with an offset."""
