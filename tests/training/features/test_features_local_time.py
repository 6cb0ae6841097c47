"""Local hours and weekdays, across changes of the clocks."""

import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.training.features.local_time import local_time, local_times

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")


@pytest.mark.parametrize(
    ("now", "zone", "hour", "weekday"),
    [
        ("2026-03-29T00:59:59+00:00", "Europe/Berlin", 1, 6),
        ("2026-03-29T01:00:00+00:00", "Europe/Berlin", 3, 6),
        ("2026-10-25T00:59:59+00:00", "Europe/Berlin", 2, 6),
        ("2026-10-25T01:00:00+00:00", "Europe/Berlin", 2, 6),
        ("2026-10-25T23:30:00+00:00", "Europe/Berlin", 0, 0),
        ("2026-11-02T04:30:00+00:00", "America/New_York", 23, 6),
        ("2026-11-02T04:30:00+00:00", "Asia/Kathmandu", 10, 0),
    ],
    ids=[
        "before the clocks go forward",
        "after the clocks have gone forward",
        "the hour that comes twice, first",
        "the hour that comes twice, again",
        "Monday there, Sunday in UTC",
        "Sunday there, Monday in UTC",
        "an offset of three quarters of an hour",
    ],
)
def test_the_clock_is_the_customers(now: str, zone: str, hour: int, weekday: int) -> None:
    assert local_time(datetime.fromisoformat(now), zone) == {"hour": hour, "weekday": weekday}


def test_the_offset_a_time_is_written_in_does_not_matter() -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    elsewhere = now.astimezone(timezone(timedelta(hours=-9)))
    assert local_time(elsewhere, "Europe/Berlin") == local_time(now, "Europe/Berlin")


@pytest.mark.parametrize("zone", [None, "", "Europe/Berln", "../secret"])
def test_a_zone_that_is_not_known_is_not_guessed(zone: str | None) -> None:
    parts = local_time(datetime(2026, 5, 1, tzinfo=UTC), zone)
    assert math.isnan(parts["hour"])
    assert math.isnan(parts["weekday"])


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
            st.sampled_from([None, "Not/AZone", *ZONES]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_columns_read_the_same_clocks(rows: list[tuple[datetime, str | None]]) -> None:
    moments = pd.Series([moment for moment, _ in rows], dtype="datetime64[us, UTC]")
    together = local_times(moments, pd.Series([zone for _, zone in rows], dtype="str"))
    alone = [local_time(moment, zone) for moment, zone in rows]
    for part, column in together.items():
        np.testing.assert_array_equal(column, [one[part] for one in alone])
