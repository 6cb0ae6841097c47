"""When a customer is left in peace: windows of local wall time, in the customer's own zone.

A window is a set of readings of the customer's wall clock, and a moment is quiet when the clock reads one of them.
Every moment has one reading, also in the two nights a year when clocks jump; all arithmetic on moments is in UTC,
since two aware times of one zone subtract in wall time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from decisioning.catalogue import Action
from decisioning.customer import Facts
from decisioning.verdict import Verdict
from guardrails.rules import words
from guardrails.rules.rule import Rule
from guardrails.rules.week import DAY, Week, remaining, second_of_week, week_of, widened
from guardrails.settings import LocalTime, Settings

# Clocks of the world run from twelve hours behind UTC (Baker Island) to fourteen ahead of it (Kiribati).
_BEHIND, _AHEAD = 12 * 3600, 14 * 3600
# These name the machine's own zone, or none.
_NO_PLACES = frozenset({"localtime", "Factory", "posixrules"})
_SECOND = timedelta(seconds=1)
# No zone has changed its offset twice within so short a time.
_STRIDE = timedelta(hours=6)
_HORIZON = timedelta(days=15)
Clock = tuple[Week, tzinfo]


class Day(StrEnum):
    """Days of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Window(Settings):
    """A stretch of wall time on some days; one that passes midnight belongs to the day on which it begins."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, examples=["[sat, sun]"])] = tuple(Day)
    from_: LocalTime = Field(alias="from", examples=["20:00"])
    to: LocalTime = Field(examples=["08:00"])

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.from_ in (self.to, 24 * 60):
            raise ValueError("`from` must differ from `to` and come before 24:00; the whole day is 00:00 to 24:00")
        return self

    def stretches(self) -> list[tuple[int, int]]:
        """The window on each of its days, in seconds since Monday 00:00."""
        first, last = 60 * self.from_, 60 * self.to
        end = last if first < last else last + DAY
        mondays = [list(Day).index(day) * DAY for day in self.days]
        return [(start + first, start + end) for start in mondays]


def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = _zone(name)
    if found is None:
        raise ValueError("value is no time zone")
    return found


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return None if name in _NO_PLACES else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _zone_name(name: str) -> str:
    return zone(name).key


class QuietHours(Rule):
    """Suppresses inside the windows.

    Attributes
    ----------
    windows : tuple of Window
        In the customer's wall time.
    unknown_zone : tuple of str or None
        Zones in which a customer of unknown zone may live; all of them must allow. None means anywhere on earth.
    """

    kind: Literal["quiet_hours"]
    windows: Annotated[tuple[Window, ...], Field(min_length=1, examples=["[{from: 20:00, to: 08:00}]"])]
    unknown_zone: Annotated[tuple[Annotated[str, AfterValidator(_zone_name)], ...], Field(min_length=1)] | None = Field(
        None, examples=["[Europe/Berlin, Europe/Lisbon]"]
    )

    @cached_property
    def week(self) -> Week:
        """All windows as stretches of the wall clock's week."""
        return week_of(stretch for window in self.windows for stretch in window.stretches())

    @cached_property
    def unknown_clocks(self) -> tuple[Clock, ...]:
        """The clocks that a customer of unknown zone may go by.

        Anywhere on earth comes to one clock: in UTC, each window begins as early as the clocks farthest ahead have it
        and ends as late as those farthest behind.
        """
        if self.unknown_zone is None:
            return ((widened(self.week, _AHEAD, _BEHIND), UTC),)
        return tuple((self.week, zone(name)) for name in self.unknown_zone)


def share(_: QuietHours, __: Action) -> None:
    """All actions get the same verdict."""
    return


def judge(rule: QuietHours, facts: Facts, _: Action) -> Verdict:
    """Suppress while a clock that the customer goes by, or may go by, reads a quiet time."""
    own = None if facts.customer.time_zone is None else _zone(facts.customer.time_zone)
    clocks = rule.unknown_clocks if own is None else ((rule.week, own),)
    now = facts.now.astimezone(UTC)
    free = free_from(clocks, now)
    where = "in the customer's time zone" if own else "in every zone that the customer may live in (time zone unknown)"
    if free == now:
        return rule.allow(f"Outside quiet hours {where}.")
    then = "no time is outside them" if free is None else f"contact is possible from {words.moment(free)}"
    inside = where if own else "in at least one zone that the customer may live in (time zone unknown)"
    return rule.suppress(f"Quiet hours {inside}; {then}.", free)


def free_from(clocks: Sequence[Clock], now: datetime) -> datetime | None:
    """First moment from `now`, in UTC, at which no clock reads a quiet time; None if there is none in 15 days."""
    if all(remaining(week, second_of_week(now.astimezone(place))) == 0 for week, place in clocks):
        return now
    moment = now
    while moment <= now + _HORIZON:
        ends = [_end(week, place, moment) for week, place in clocks]
        later = [end for end in ends if end is not None]
        if len(later) < len(ends):
            return None
        if max(later) == moment:
            return moment
        moment = max(later)
    return None


def _end(week: Week, place: tzinfo, now: datetime) -> datetime | None:
    """First moment from `now` on outside the week's stretches; None if there is none in 15 days."""
    moment = now
    while moment <= now + _HORIZON:
        left = remaining(week, second_of_week(moment.astimezone(place)))
        if left is None:
            return None
        if left == 0:
            return moment
        end = moment.replace(microsecond=0) + timedelta(seconds=left)
        moment = _jump(place, moment, end) or end
    return None


def _jump(place: tzinfo, after: datetime, until: datetime) -> datetime | None:
    """First moment in (after, until] at which the zone's offset differs from the one before, to the second."""
    start = after.replace(microsecond=0)
    old = _offset(place, start)
    while start < until:
        stop = min(start + _STRIDE, until)
        if _offset(place, stop) != old:
            return _first_with_other_offset(place, start, stop)
        start = stop
    return None


def _first_with_other_offset(place: tzinfo, before: datetime, after: datetime) -> datetime:
    old = _offset(place, before)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        before, after = (middle, after) if _offset(place, middle) == old else (before, middle)
    return after


def _offset(place: tzinfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(place).utcoffset()
