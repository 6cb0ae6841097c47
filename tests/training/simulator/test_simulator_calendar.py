from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.errors import InvalidInput
from heed.training.simulator.calendar import (
    DAY,
    HOUR,
    JURISDICTIONS,
    ZONE_SHARES,
    ZONES,
    Calendar,
    at_local_hour,
    local_hour,
    timestamps,
    to_microseconds,
)
from heed.training.simulator.rng import named_generator, sample_columns

DAYS_OF_2026 = st.integers(0, 364).map(lambda day: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day))
CLOCK_CHANGES = {(3, 8), (3, 29), (10, 25), (11, 1)}


def as_index(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@given(day=DAYS_OF_2026, minute=st.integers(0, 1439), zone=st.integers(0, len(ZONES) - 1))
def test_local_hours_are_those_of_the_time_zone_database(day: datetime, minute: int, zone: int) -> None:
    moment = day + timedelta(minutes=minute)
    wall = moment.astimezone(ZoneInfo(ZONES[zone]))
    if (day.month, day.day) not in CLOCK_CHANGES:
        expected = wall.hour + wall.minute / 60
        assert local_hour(as_index(zone), as_index(to_microseconds(moment)))[0] == pytest.approx(expected, abs=1e-9)


@given(
    day=st.integers(20_000, 21_000),
    hour=st.floats(0, 23.99),
    zones=st.lists(st.integers(0, len(ZONES) - 1), min_size=1),
)
def test_a_moment_chosen_by_local_hour_has_that_hour_and_lies_in_the_day(
    day: int, hour: float, zones: list[int]
) -> None:
    zone = as_index(*zones)
    at = at_local_hour(zone, day * DAY, np.full(len(zones), hour))
    assert ((at >= day * DAY) & (at < (day + 1) * DAY)).all()
    assert local_hour(zone, at) == pytest.approx(np.full(len(zones), hour), abs=1e-6)


def test_every_zone_has_a_jurisdiction_and_a_share() -> None:
    assert len(ZONES) == len(JURISDICTIONS) == len(ZONE_SHARES) == 12
    assert sum(ZONE_SHARES) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("end", "first", "count"),
    [
        pytest.param(datetime(2026, 5, 11, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC), 10, id="ends at midnight"),
        pytest.param(
            datetime(2026, 5, 11, 15, 30, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 5, 1, tzinfo=UTC),
            11,
            id="ends in the afternoon, so a part of the last day is played too",
        ),
    ],
)
def test_a_calendar_starts_whole_days_before_its_end(end: datetime, first: datetime, count: int) -> None:
    midnights = Calendar(end, 10).midnights()
    assert midnights[0] == to_microseconds(first)
    assert len(midnights) == count
    assert midnights[-1] < to_microseconds(end)


def test_microseconds_and_timestamps_are_inverse() -> None:
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    assert timestamps(as_index(to_microseconds(moment)))[0].to_pydatetime() == moment


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"without an offset in `end`: `2026-01-01 00:00:00`; add one"):
        to_microseconds(datetime(2026, 1, 1))  # noqa: DTZ001


def test_an_hour_is_sixty_minutes_of_the_epoch() -> None:
    assert to_microseconds(datetime(1970, 1, 1, 1, tzinfo=UTC)) == HOUR


def test_streams_of_other_names_or_seeds_are_other_streams() -> None:
    first = named_generator(1, "people").random(8)
    assert (first == named_generator(1, "people").random(8)).all()
    assert not (first == named_generator(1, "consents").random(8)).any()
    assert not (first == named_generator(2, "people").random(8)).any()


@given(st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4).filter(any), min_size=1), st.integers(0, 1000))
def test_a_column_without_weight_is_never_picked(rows: list[list[int]], seed: int) -> None:
    weights = np.array(rows, dtype=np.float64)
    picked = sample_columns(weights / weights.sum(axis=1, keepdims=True), named_generator(seed, "picks"))
    assert (weights[np.arange(len(rows)), picked] > 0).all()


def test_columns_are_picked_as_often_as_their_weights_say() -> None:
    weights = np.tile([0.1, 0.0, 0.6, 0.3], (40_000, 1))
    shares = np.bincount(sample_columns(weights, named_generator(5, "picks")), minlength=4) / 40_000
    assert shares == pytest.approx([0.1, 0.0, 0.6, 0.3], abs=0.01)
