"""Quiet hours against a scan of the wall clock, minute by minute, over the nights when clocks jump."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.customer import ContactPoint
from heed.decisioning.verdict import Effect
from heed.guardrails.rules.schedule import WEEK, build_week, remaining
from tests.support.guardrail_builders import NOW, action, facts, guard, rule, verdict_of

MINUTE = timedelta(minutes=1)
NIGHT = [{"from": "21:00", "to": "07:00"}]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Both nights of 2026 in each zone, the southern one, the half-hour one, and the zone that skipped a day for good.
JUMPS = {
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "America/Sao_Paulo": ("2018-11-04T03:00", "2018-02-18T02:00"),
    "Pacific/Apia": ("2011-12-30T10:00", "2011-04-02T14:00"),
    "Africa/Casablanca": ("2026-02-15T02:00", "2026-03-22T02:00"),
}
NIGHTS = [(zone, datetime.fromisoformat(at).replace(tzinfo=UTC)) for zone, jumps in JUMPS.items() for at in jumps]


def verdict_at(now, windows=None, zone="Europe/Berlin", **fields):
    one = guard(rule("quiet_hours", "quiet", windows=windows or NIGHT, **fields))
    return verdict_of(one, facts(now, time_zone=zone), action(), "quiet")


def is_quiet(moment, windows, zone):
    """The definition, read off the wall clock."""
    wall = moment.astimezone(ZoneInfo(zone))
    clock, today, yesterday = wall.time(), DAYS[wall.weekday()], DAYS[wall.weekday() - 1]
    for window in windows:
        days = window.get("days", DAYS)
        first = time.fromisoformat(window["from"])
        last = time.max if window["to"] == "24:00" else time.fromisoformat(window["to"])
        if first < last:
            if today in days and first <= clock < last:
                return True
        elif (today in days and clock >= first) or (yesterday in days and clock < last):
            return True
    return False


def scanned(now, windows, zone):
    """First minute from `now` on that is not quiet."""
    return next(at for at in (now + step * MINUTE for step in range(3 * 24 * 60)) if not is_quiet(at, windows, zone))


clock_times = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02d}:{15 * (quarter % 4):02d}")
some_windows = st.lists(
    st.fixed_dictionaries(
        {"from": clock_times, "to": clock_times | st.just("24:00")},
        optional={"days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=2, unique=True)},
    ).filter(lambda window: window["from"] != window["to"]),
    min_size=1,
    max_size=2,
)


def lets_go(windows, zone, now):
    return any(not is_quiet(now + step * MINUTE, windows, zone) for step in range(0, 2 * 24 * 60, 15))


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(NIGHTS), st.integers(-8 * 60, 8 * 60), some_windows)
def test_around_a_jump_of_the_clocks_it_agrees_with_a_scan_by_minutes(night, minutes, windows):
    zone, jump = night
    now = jump + minutes * MINUTE
    verdict = verdict_at(now, windows, zone)
    if not is_quiet(now, windows, zone):
        assert (verdict.effect, verdict.eligible_at) == (Effect.ALLOW, None)
    elif lets_go(windows, zone, now):
        assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, scanned(now, windows, zone))
    else:
        assert verdict.effect is Effect.SUPPRESS


def test_every_listed_moment_is_a_jump():
    for zone, at in NIGHTS:
        place = ZoneInfo(zone)
        assert at.astimezone(place).utcoffset() != (at - MINUTE).astimezone(place).utcoffset(), (zone, at)


@pytest.mark.parametrize(
    ("now", "windows", "free"),
    [
        pytest.param("2026-03-29T00:30", [{"from": "21:00", "to": "02:30"}], "2026-03-29T01:00",
                     id="an end inside the hour that is skipped comes with the jump"),
        pytest.param("2026-10-24T23:59", [{"from": "02:30", "to": "05:00"}], None,
                     id="before a window that the clock enters twice"),
        pytest.param("2026-10-25T00:45", [{"from": "02:30", "to": "05:00"}], "2026-10-25T01:00",
                     id="the jump back leads out of a window entered just before"),
        pytest.param("2026-10-25T01:45", [{"from": "02:30", "to": "05:00"}], "2026-10-25T04:00",
                     id="and into it again an hour later"),
        pytest.param("2026-10-25T00:10", [{"from": "21:00", "to": "02:30"}], "2026-10-25T00:30",
                     id="an end that comes twice is met the first time"),
        pytest.param("2028-02-28T23:30", [{"from": "21:00", "to": "07:00"}], "2028-02-29T06:00", id="into leap day"),
    ],
)  # fmt: skip
def test_in_berlin(now, windows, free):
    verdict = verdict_at(datetime.fromisoformat(now).replace(tzinfo=UTC), windows)
    assert verdict.eligible_at == (None if free is None else datetime.fromisoformat(free).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("local", "effect"),
    [("20:59:59.999999", Effect.ALLOW), ("21:00:00", Effect.SUPPRESS), ("06:59:59.999999", Effect.SUPPRESS),
     ("07:00:00", Effect.ALLOW)],
)  # fmt: skip
def test_the_ends_are_sharp(local, effect):
    at = datetime.fromisoformat(f"2026-03-04T{local}").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert verdict_at(at).effect is effect


def test_within_a_second_the_end_is_exact():
    at = datetime(2026, 3, 4, 5, 59, 59, 999_999, tzinfo=UTC)
    verdict = verdict_at(at)
    assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, at + timedelta(microseconds=1))


def test_the_reason_names_the_moment_in_utc():
    verdict = verdict_at(datetime(2026, 3, 4, 22, tzinfo=UTC))
    assert verdict.reason == "Quiet hours in the customer's time zone; contact is possible from 2026-03-05 06:00 UTC."


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins():
    windows = [{"days": ["fri"], "from": "22:00", "to": "06:00"}]
    friday_dawn, saturday_dawn = datetime(2026, 3, 6, 4, tzinfo=UTC), datetime(2026, 3, 7, 4, tzinfo=UTC)
    assert verdict_at(friday_dawn, windows).effect is Effect.ALLOW
    assert verdict_at(saturday_dawn, windows).effect is Effect.SUPPRESS


def test_windows_that_touch_are_one_stretch_also_over_the_end_of_the_week():
    windows = [{"days": ["sun"], "from": "00:00", "to": "24:00"}, {"days": ["mon"], "from": "00:00", "to": "09:00"}]
    verdict = verdict_at(datetime(2026, 3, 8, 12, tzinfo=UTC), windows)
    assert verdict.eligible_at == datetime(2026, 3, 9, 8, tzinfo=UTC)


def test_where_the_whole_week_is_quiet_no_end_is_named():
    verdict = verdict_at(NOW, [{"from": "00:00", "to": "24:00"}])
    assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, None)
    assert "no time is outside them" in verdict.reason


@pytest.mark.parametrize("zone", [None, "", "Mars/Base", "../etc/passwd", "localtime", "Europe", "Europe/Berlin\0"])
def test_an_unknown_zone_suppresses_while_it_is_night_somewhere(zone):
    verdict = verdict_at(NOW, zone=zone)
    assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, None)
    assert "time zone unknown" in verdict.reason


def test_an_unknown_zone_is_free_when_every_clock_on_earth_is():
    windows = [{"days": ["sun"], "from": "00:00", "to": "24:00"}]
    # Sunday begins at 10:00 UTC on Saturday, fourteen hours ahead, and ends at 12:00 UTC on Monday, twelve behind.
    before, inside = datetime(2026, 3, 7, 9, 59, tzinfo=UTC), datetime(2026, 3, 7, 10, tzinfo=UTC)
    end = datetime(2026, 3, 9, 12, tzinfo=UTC)
    assert verdict_at(before, windows, None).effect is Effect.ALLOW
    assert verdict_at(inside, windows, None).eligible_at == end
    assert verdict_at(end, windows, None).effect is Effect.ALLOW


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 14 * 24 * 60), st.integers(-12 * 4, 14 * 4), some_windows)
def test_an_unknown_zone_never_allows_what_some_offset_forbids(minutes, quarters, windows):
    now = NOW + minutes * MINUTE
    shifted = now + quarters * timedelta(minutes=15)
    if is_quiet(shifted.replace(tzinfo=UTC), windows, "UTC"):
        assert verdict_at(now, windows, None).effect is Effect.SUPPRESS


def test_with_plausible_zones_all_must_be_out_of_the_night():
    zones = ["Europe/Lisbon", "Europe/Helsinki"]
    early = verdict_at(datetime(2026, 3, 4, 5, 30, tzinfo=UTC), zone=None, unknown_zone=zones)
    assert early.eligible_at == datetime(2026, 3, 4, 7, tzinfo=UTC)
    assert "in at least one zone" in early.reason
    assert verdict_at(datetime(2026, 3, 4, 12, tzinfo=UTC), zone=None, unknown_zone=zones).effect is Effect.ALLOW


def _reached_at(zone, *places, hour):
    night = guard(rule("quiet_hours", "quiet", windows=NIGHT))
    points = (ContactPoint("mail-1", "email", places), ContactPoint("phone-1", "sms", ("Asia/Tokyo",)))
    now = datetime(2026, 3, 4, hour, tzinfo=UTC)
    return verdict_of(night, facts(now, time_zone=zone, contact_points=points), action(), "quiet")


@pytest.mark.parametrize(
    ("zone", "places", "hour", "effect"),
    [
        pytest.param("Europe/Berlin", (), 10, Effect.ALLOW, id="a contact point that says nothing"),
        pytest.param("Europe/Berlin", ("Europe/Berlin",), 10, Effect.ALLOW, id="one that says the same"),
        pytest.param("Europe/Berlin", ("America/New_York", "Europe/Berlin"), 10, Effect.ALLOW, id="one that may agree"),
        pytest.param("Europe/Berlin", ("America/New_York",), 10, Effect.SUPPRESS, id="night where the number is"),
        pytest.param("Europe/Berlin", ("America/New_York",), 21, Effect.SUPPRESS, id="night where the profile is"),
        pytest.param("Europe/Berlin", ("America/New_York",), 14, Effect.ALLOW, id="day in both"),
        pytest.param("Europe/Berlin", ("Mars/Base",), 10, Effect.ALLOW, id="one that names no place"),
    ],
)
def test_a_contact_point_elsewhere_than_the_profile_must_allow_too(zone, places, hour, effect):
    assert _reached_at(zone, *places, hour=hour).effect is effect


def test_of_a_profile_and_a_contact_point_that_disagree_the_later_morning_counts():
    verdict = _reached_at("Europe/Berlin", "America/New_York", hour=10)
    assert verdict.eligible_at == datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert "a contact point lies elsewhere than the profile says" in verdict.reason


@given(st.lists(st.tuples(st.integers(-WEEK, WEEK), st.integers(1, WEEK + 10)), max_size=4), st.integers(0, WEEK - 1))
def test_the_week_agrees_with_its_stretches(spans, second):
    week = build_week((first, first + length) for first, length in spans)
    inside = any((second - first) % WEEK < length for first, length in spans)
    left = remaining(week, second)
    assert (left != 0) is inside
    if left:
        end = (second + left) % WEEK
        assert not any((end - first) % WEEK < length for first, length in spans)
