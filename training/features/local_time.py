"""Hour and weekday in the customer's time zone; missing where the zone is unknown."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from heed.decisioning.score import Floats
from heed.training.features.feature import MISSING

HOUR, WEEKDAY = "hour", "weekday"
PARTS = (HOUR, WEEKDAY)


def local_time(now: datetime, zone: str | None) -> dict[str, float]:
    """Hour (0 to 23) and weekday (0 is Monday) at `now` in an IANA zone; NaN where the zone is missing or unknown."""
    known = _zone(zone) if zone else None
    if known is None:
        return {HOUR: MISSING, WEEKDAY: MISSING}
    there = now.astimezone(known)
    return {HOUR: float(there.hour), WEEKDAY: float(there.weekday())}


def local_times(moments: pd.Series, zones: pd.Series) -> dict[str, Floats]:
    """The same for a column of times and a column of zones."""
    parts = {part: np.full(len(moments), MISSING) for part in PARTS}
    codes, names = pd.factorize(zones)
    for code, name in enumerate(names):
        zone = _zone(str(name))
        if zone is None:
            continue
        chosen = codes == code
        there = pd.DatetimeIndex(moments[chosen]).tz_convert(zone)
        parts[HOUR][chosen] = there.hour
        parts[WEEKDAY][chosen] = there.day_of_week
    return parts


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
