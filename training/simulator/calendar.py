"""Simulated time: microseconds since the epoch in UTC, and the customer's local hour."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from heed.decisioning.errors import InvalidInput
from heed.training.simulator.rng import Floats, Ints

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

ZONES = (
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Dublin",
    "Europe/Helsinki",
    "Europe/London",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Toronto",
)
JURISDICTIONS = (
    "NL",
    "DE",
    "FR",
    "ES",
    "IE",
    "FI",
    "GB",
    "US-NY",
    "US-IL",
    "US-CO",
    "US-CA",
    "CA-ON",
)
ZONE_SHARES = (0.20, 0.16, 0.11, 0.08, 0.05, 0.04, 0.12, 0.07, 0.05, 0.03, 0.05, 0.04)
DEFAULT_ZONE = 0  # zone of the business, used for customers without a known zone


def to_microseconds(moment: datetime) -> int:
    """Microseconds since the epoch.

    Raises
    ------
    InvalidInput
        If `moment` has no UTC offset.
    """
    if moment.tzinfo is None:
        raise InvalidInput(
            "a time without an offset",
            field="end",
            value=moment,
            remedy="add one, such as +00:00",
        )
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def timestamps(at: Ints) -> pd.Series:
    """Microseconds since the epoch as a column of UTC timestamps."""
    return pd.Series(at.astype("datetime64[us]")).dt.tz_localize("UTC")


@dataclass(frozen=True)
class Calendar:
    """The simulated period.

    Attributes
    ----------
    end : datetime
        End of the period, exclusive; with a UTC offset.
    days : int
        Length in days, at least 1.
    """

    end: datetime
    days: int

    @cached_property
    def stop(self) -> int:
        """The end, in microseconds since the epoch."""
        return to_microseconds(self.end)

    @cached_property
    def start(self) -> int:
        """UTC midnight `days` days before the last midnight of the period."""
        return self.stop - self.stop % DAY - self.days * DAY

    def midnights(self) -> list[int]:
        """Every UTC midnight of the period."""
        return list(range(self.start, self.stop, DAY))


def offset_hours(zone: Ints, at: Ints) -> Floats:
    """UTC offsets in hours at noon UTC, for indices into ``ZONES`` and times of the same shape."""
    days = at // DAY
    pairs, inverse = np.unique(np.stack([zone, days]), axis=1, return_inverse=True)
    offsets = [_noon_offset(ZONES[int(index)], int(day)) for index, day in pairs.T]
    return np.array(offsets, dtype=np.float64)[inverse.reshape(-1)]


def local_hour(zone: Ints, at: Ints) -> Floats:
    """Fractional hour of the local day, in [0, 24)."""
    return np.asarray((at % DAY / HOUR + offset_hours(zone, at)) % 24.0)


def at_local_hour(zone: Ints, midnight: int, hour: Floats) -> Ints:
    """The time within the UTC day of `midnight` at which it is `hour` in each zone."""
    offset = offset_hours(zone, np.full(len(zone), midnight, dtype=np.int64))
    return midnight + np.rint((hour - offset) % 24.0 * HOUR).astype(np.int64) % DAY


def _noon_offset(zone: str, day: int) -> float:
    noon = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
    shift = noon.astimezone(ZoneInfo(zone)).utcoffset()
    return 0.0 if shift is None else shift / timedelta(hours=1)
