"""Send windows, public holidays and contact points in several zones, beside the hours of the night."""

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.customer import ContactPoint
from heed.decisioning.verdict import Effect
from heed.guardrails.policy_errors import InvalidPolicy
from heed.guardrails.rules.public_holidays import calendar_of
from heed.guardrails.rules.schedule import WEEK, build_week, complement, remaining
from tests.support.guardrail_builders import DAY, HOUR, NOW, action, facts, guard, rule, verdict_of

NIGHT = {"windows": [{"from": "21:00", "to": "07:00"}]}
OFFICE = {"only": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}]}
BERLIN = ZoneInfo("Europe/Berlin")
EASTER_FRIDAY = date(2026, 4, 3)


def verdict_at(now, about=None, **fields):
    known = {name: fields.pop(name) for name in ("time_zone", "jurisdiction", "contact_points") if name in fields}
    one = guard(rule("quiet_hours", "quiet", **fields), actions=(about or action(),))
    return verdict_of(one, facts(now, **{"jurisdiction": "DE-BE", **known}), about or action(), "quiet")


def berlin(day, hour=0, minute=0):
    return datetime.combine(day, time(hour, minute), BERLIN).astimezone(UTC)


class TestSendWindows:
    @pytest.mark.parametrize(
        ("at", "free"),
        [
            pytest.param((date(2026, 3, 4), 9), None, id="at nine on a Wednesday"),
            pytest.param((date(2026, 3, 4), 8, 59), (date(2026, 3, 4), 9), id="just before nine"),
            pytest.param((date(2026, 3, 4), 18), (date(2026, 3, 5), 9), id="at six in the evening"),
            pytest.param((date(2026, 3, 7), 12), (date(2026, 3, 9), 9), id="on Saturday, until Monday"),
            pytest.param((date(2026, 3, 28), 12), (date(2026, 3, 30), 9), id="over the night clocks go forward"),
        ],
    )
    def test_it_is_quiet_outside(self, at, free):
        assert verdict_at(berlin(*at), **OFFICE).eligible_at == (None if free is None else berlin(*free))

    def test_windows_within_them_are_quiet_too(self):
        noon = {**OFFICE, "windows": [{"from": "12:00", "to": "13:00"}]}
        assert verdict_at(berlin(date(2026, 3, 4), 12, 30), **noon).eligible_at == berlin(date(2026, 3, 4), 13)

    def test_the_whole_week_leaves_nothing_quiet(self):
        assert verdict_at(berlin(date(2026, 3, 4)), only=[{"from": "00:00", "to": "24:00"}]).effect is Effect.ALLOW

    @given(st.lists(st.tuples(st.integers(-WEEK, WEEK), st.integers(1, WEEK)), max_size=4), st.integers(0, WEEK - 1))
    def test_what_is_between_stretches_is_what_is_outside_them(self, spans, second):
        week = build_week((first, first + length) for first, length in spans)
        assert (remaining(week, second) == 0) is (remaining(complement(week), second) != 0)


class TestPublicHolidays:
    @pytest.mark.parametrize(
        ("at", "fields", "free"),
        [
            pytest.param((EASTER_FRIDAY, 12), {}, (date(2026, 4, 4),), id="Good Friday ends at midnight"),
            pytest.param((EASTER_FRIDAY, 12), NIGHT, (date(2026, 4, 4), 7), id="and then it is night"),
            pytest.param((EASTER_FRIDAY, 12), OFFICE, (date(2026, 4, 7), 9), id="the office opens after Easter Monday"),
            pytest.param((date(2026, 4, 2), 18), OFFICE, (date(2026, 4, 7), 9), id="from Maundy Thursday on"),
            pytest.param((date(2026, 12, 24), 20), OFFICE, (date(2026, 12, 28), 9), id="over Christmas"),
            pytest.param((date(2026, 12, 31), 20), {}, None, id="New Year's Eve is no holiday"),
            pytest.param((date(2026, 12, 31), 21), NIGHT, (date(2027, 1, 2), 7), id="and New Year is, in another year"),
        ],
    )
    def test_are_quiet_from_midnight_to_midnight(self, at, fields, free):
        verdict = verdict_at(berlin(*at), holidays=True, **fields)
        assert verdict.eligible_at == (None if free is None else berlin(*free))
        assert (verdict.effect is Effect.ALLOW) is (free is None)

    @pytest.mark.parametrize(
        ("jurisdiction", "day", "quiet"),
        [
            pytest.param("DE-BY", date(2026, 1, 6), True, id="Epiphany in Bavaria"),
            pytest.param("DE-BE", date(2026, 1, 6), False, id="Epiphany in Berlin"),
            pytest.param("DE", date(2026, 1, 6), True, id="Epiphany somewhere in Germany"),
            pytest.param("de", date(2026, 1, 6), True, id="Epiphany somewhere in Germany, in small letters"),
            pytest.param("DE-XX", date(2026, 1, 6), True, id="Epiphany in a part without a calendar"),
            pytest.param("US-CA", date(2026, 7, 3), True, id="a holiday observed on another day"),
            pytest.param("GB", date(2026, 7, 4), False, id="another country's holiday"),
        ],
    )
    def test_are_those_of_the_customer_s_jurisdiction(self, jurisdiction, day, quiet):
        verdict = verdict_at(berlin(day, 12), holidays=True, jurisdiction=jurisdiction)
        assert (verdict.effect is Effect.SUPPRESS) is quiet

    @pytest.mark.parametrize("jurisdiction", [None, "", "XX", "EU", "Germany"])
    def test_that_are_not_known_suppress(self, jurisdiction):
        verdict = verdict_at(berlin(date(2026, 3, 4), 12), holidays=True, jurisdiction=jurisdiction)
        assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, None)
        assert verdict.reason == "Which public holidays the customer keeps is not known."

    @pytest.mark.parametrize(
        ("day", "quiet"), [(date(2026, 7, 14), True), (date(2026, 10, 26), True), (date(2026, 3, 4), False)]
    )  # fmt: skip
    def test_of_an_unknown_jurisdiction_are_those_of_all_that_the_policy_names(self, day, quiet):
        fields = {"holidays": True, "unknown_jurisdictions": ["FR", "AT"], "jurisdiction": None}
        assert (verdict_at(berlin(day, 12), **fields).effect is Effect.SUPPRESS) is quiet

    @pytest.mark.parametrize("jurisdiction", ["DE", None])
    def test_of_countries_that_are_named_are_for_everybody(self, jurisdiction):
        fields = {"holidays": ["FR"], "jurisdiction": jurisdiction}
        assert verdict_at(berlin(date(2026, 7, 14), 12), **fields).effect is Effect.SUPPRESS
        assert verdict_at(berlin(date(2026, 10, 3), 12), **fields).effect is Effect.ALLOW

    def test_are_said_to_be_the_reason(self):
        assert verdict_at(berlin(EASTER_FRIDAY, 12), holidays=True, **NIGHT).reason == (
            "Quiet hours or public holiday in the customer's time zone; contact is possible from 2026-04-04 05:00 UTC."
        )

    def test_of_a_customer_of_unknown_zone_last_while_it_is_that_day_anywhere(self):
        fields = {"holidays": True, "time_zone": None}
        begin, end = datetime(2026, 4, 2, 10, tzinfo=UTC), datetime(2026, 4, 4, 12, tzinfo=UTC)
        tick = timedelta(microseconds=1)
        assert verdict_at(begin - tick, **fields).effect is Effect.ALLOW
        assert verdict_at(begin, **fields).eligible_at == end
        assert verdict_at(end - tick, **fields).eligible_at == end
        assert verdict_at(end, **fields).effect is Effect.ALLOW

    def test_agree_with_the_library(self):
        falls, known = calendar_of(["CA-QC"]), holidays.country_holidays("CA", subdiv="QC", years=2026)
        days = [date(2026, 1, 1) + n * DAY for n in range(365)]
        assert [day for day in days if falls(day)] == [day for day in days if day in known]

    def test_cost_nothing_where_no_policy_asks_for_them(self):
        code = (
            "import sys; from guardrails.policy.load import DEFAULT_POLICY, load_policy; load_policy(DEFAULT_POLICY); "
            "print('holidays' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.strip() == "False"


class TestContactPointsThatSayTheirZones:
    coasts = (ContactPoint("phone-1", "sms", ("America/New_York", "America/Los_Angeles")),)
    text = action("text", "sms")

    def at(self, hour, points=coasts, about=text, **fields):
        now = datetime(2026, 3, 4, hour, 30, tzinfo=UTC)
        return verdict_at(now, about, **NIGHT, contact_points=points, **{"time_zone": None, **fields})

    def test_are_asked_where_the_customer_s_zone_is_unknown_and_all_must_allow(self):
        assert self.at(20).effect is Effect.ALLOW
        early = self.at(13)
        assert (early.effect, early.eligible_at) == (Effect.SUPPRESS, datetime(2026, 3, 4, 15, tzinfo=UTC))

    def test_are_not_asked_where_the_customer_s_zone_is_known_and_among_them(self):
        assert self.at(13, time_zone="America/New_York").effect is Effect.ALLOW

    def test_are_asked_too_where_the_customer_s_zone_is_none_of_them(self):
        assert self.at(13, time_zone="Europe/Berlin").eligible_at == datetime(2026, 3, 4, 15, tzinfo=UTC)
        assert self.at(20, time_zone="Europe/Berlin").effect is Effect.SUPPRESS
        assert self.at(16, time_zone="Europe/Berlin").effect is Effect.ALLOW

    @pytest.mark.parametrize(
        "points",
        [
            pytest.param((), id="there is no contact point"),
            pytest.param((ContactPoint("mail", "email", ("America/New_York",)),), id="they are of another channel"),
            pytest.param((*coasts, ContactPoint("phone-2", "sms")), id="one of them says nothing"),
            pytest.param((ContactPoint("phone-1", "sms", ("America/New_York", "Mars/Base")),), id="one zone is none"),
        ],
    )
    def test_do_not_settle_it_when(self, points):
        assert self.at(20, points).effect is Effect.SUPPRESS
        assert self.at(20, points, unknown_zone=["America/New_York"]).effect is Effect.ALLOW

    def test_of_two_channels_are_judged_apart(self):
        points = (*self.coasts, ContactPoint("mail", "email", ("Europe/Berlin",)))
        one = guard(rule("quiet_hours", "quiet", **NIGHT), actions=(action(), self.text))
        known = facts(datetime(2026, 3, 4, 8, 30, tzinfo=UTC), time_zone=None, contact_points=points)
        assert [verdict_of(one, known, each, "quiet").effect for each in (action(), self.text)] == [
            Effect.ALLOW,
            Effect.SUPPRESS,
        ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "needs `windows`, `only` or `holidays`"),
        ({"holidays": "DE"}, "value is neither true nor a list of countries in rule `quiet`, field `holidays`: `DE`"),
        ({"holidays": []}, "value is neither true nor a list of countries"),
        ({"holidays": ["XX"]}, "no public holidays are known for `XX` in rule `quiet`, field `holidays`"),
        ({"holidays": True, "unknown_jurisdictions": ["EU"]}, "no public holidays are known for `EU`"),
        ({**NIGHT, "unknown_jurisdictions": ["DE"]}, "`unknown_jurisdictions` is for `holidays: true`"),
    ],
)
def test_refuses_what_makes_no_sense(fields, message):
    with pytest.raises(InvalidPolicy, match=message):
        guard(rule("quiet_hours", "quiet", **fields))


RULES = [{"holidays": True, **NIGHT}, {"holidays": True, **OFFICE}, {"holidays": True}]
zones = st.sampled_from(["Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kolkata", "Etc/GMT+12"])
moments = st.integers(0, 300 * 24 * 4).map(lambda quarters: NOW + quarters * timedelta(minutes=15))


def is_quiet(fields, moment, zone, jurisdiction="DE-BE"):
    """The definition, read off the wall clock and the calendar."""
    wall = moment.astimezone(ZoneInfo(zone))
    country, part = jurisdiction.split("-")
    if wall.date() in holidays.country_holidays(country, subdiv=part, years=wall.year):
        return True
    if "only" in fields:
        return wall.weekday() > 4 or not time(9) <= wall.time() < time(18)
    return "windows" in fields and not time(7) <= wall.time() < time(21)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RULES), moments, zones)
def test_holidays_and_hours_agree_with_a_scan(fields, now, zone):
    verdict = verdict_at(now, time_zone=zone, **fields)
    steps = (now + n * timedelta(minutes=15) for n in range(8 * 96))
    free = next(at for at in steps if not is_quiet(fields, at, zone))
    assert (verdict.effect is Effect.ALLOW) is (free == now)
    assert verdict.eligible_at == (None if free == now else free)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RULES), moments, zones, st.sampled_from([None, *zones.elements]))
def test_an_unknown_zone_never_allows_more_than_any_known_one(fields, now, zone, plausible):
    listed = {} if plausible is None else {"unknown_zone": sorted({zone, plausible})}
    unknown = verdict_at(now, time_zone=None, **fields, **listed)
    known = verdict_at(now, time_zone=zone, **fields)
    assert unknown.effect is Effect.SUPPRESS or known.effect is Effect.ALLOW
    if unknown.eligible_at and known.eligible_at:
        assert unknown.eligible_at >= known.eligible_at


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RULES), moments, st.sampled_from(["DE-BY", "DE-BE", "FR-75", "FR-BL"]))
def test_an_unknown_jurisdiction_never_allows_more_than_any_known_one(fields, now, jurisdiction):
    unknown = verdict_at(now, jurisdiction=None, unknown_jurisdictions=["DE", "FR"], **fields)
    for known in (jurisdiction, jurisdiction[:2]):
        assert unknown.effect is Effect.SUPPRESS or verdict_at(now, jurisdiction=known, **fields).effect is Effect.ALLOW


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RULES), moments, st.integers(-12, 14))
def test_anywhere_on_earth_includes_every_offset(fields, now, hours):
    place = timezone(hours * HOUR)
    wall = now.astimezone(place).replace(tzinfo=UTC)
    if is_quiet(fields, wall, "UTC"):
        assert verdict_at(now, time_zone=None, **fields).effect is Effect.SUPPRESS
