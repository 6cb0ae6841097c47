"""The ledger's own clock, which tests replace."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""The present moment, with an offset."""


def system_clock() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)
