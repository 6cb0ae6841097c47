"""Quiet times on a wall clock: weekly windows and public holidays, and the first moment that is free.

A policy states windows, which become intervals of the week, a circle of wall-clock seconds. A moment is quiet when the
wall clock shows a quiet interval or a quiet date. Every moment has one reading, also on the two nights a year when
clocks change. All arithmetic on moments is in UTC, since Python subtracts two aware times of one zone in wall time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from heed.guardrails.field_types import LocalTime, StrictModel

DAY = 24 * 60 * 60
WEEK = 7 * DAY
Week = tuple[tuple[int, int], ...]
Calendar = Callable[[date], bool]
# Clocks of the world run from twelve hours behind UTC (Baker Island) to fourteen ahead of it (Kiribati).
_BEHIND, _AHEAD = timedelta(hours=12), timedelta(hours=14)
_NOTHING, _SECOND, _DAY = timedelta(), timedelta(seconds=1), timedelta(days=1)
# No zone has changed its offset twice within so short a time.
_STRIDE = timedelta(hours=6)
# Long enough for every week to come round twice, and for holidays to take one away.
_HORIZON = timedelta(days=22)


def build_week(intervals: Iterable[tuple[int, int]]) -> Week:
    """Merge intervals of seconds since Monday 00:00 into disjoint half-open intervals of [0, WEEK), sorted.

    An interval may begin before the week or end after it: the week is a circle.
    """
    cut = sorted(piece for first, last in intervals for piece in _cut(first, last))
    merged: list[tuple[int, int]] = []
    for first, last in cut:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def widen(week: Week, earlier: int, later: int) -> Week:
    """Every interval extended at both ends, by `earlier` and `later` seconds."""
    return build_week((first - earlier, last + later) for first, last in week)


def union(first: Week, second: Week) -> Week:
    """The intervals of both weeks."""
    return build_week((*first, *second))


def complement(week: Week) -> Week:
    """The intervals that are not in a week."""
    ends = (0, *(last for _, last in week))
    starts = (*(first for first, _ in week), WEEK)
    return tuple((end, start) for end, start in zip(ends, starts, strict=True) if end < start)


def second_of_week(wall: datetime) -> int:
    """Whole seconds since Monday 00:00 on a wall clock."""
    return wall.weekday() * DAY + wall.hour * 3600 + wall.minute * 60 + wall.second


def remaining(week: Week, second: int) -> int | None:
    """Seconds until the end of the interval that `second` lies in: 0 outside all, None if the week is one interval."""
    end = next((last for first, last in week if first <= second < last), None)
    if end is None:
        return 0
    if end < WEEK or week[0][0] > 0:
        return end - second
    return None if week[0][1] == WEEK else end - second + week[0][1]


def _cut(first: int, last: int) -> Iterable[tuple[int, int]]:
    if last - first >= WEEK:
        return ((0, WEEK),)
    start = first % WEEK
    end = start + last - first
    return ((start, end),) if end <= WEEK else ((start, WEEK), (0, end - WEEK))


class Day(StrEnum):
    """Days of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Window(StrictModel):
    """An interval of wall time on some days; one that passes midnight belongs to the day on which it begins."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, examples=["[sat, sun]"])] = tuple(Day)
    from_: LocalTime = Field(alias="from", examples=["20:00"])
    to: LocalTime = Field(examples=["08:00"])

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.from_ in (self.to, 24 * 60):
            raise ValueError("`from` must differ from `to` and come before 24:00; the whole day is 00:00 to 24:00")
        return self

    def intervals(self) -> list[tuple[int, int]]:
        """The window on each of its days, in seconds since Monday 00:00."""
        first, last = 60 * self.from_, 60 * self.to
        end = last if first < last else last + DAY
        mondays = [list(Day).index(day) * DAY for day in self.days]
        return [(start + first, start + end) for start in mondays]


Windows = Annotated[tuple[Window, ...], Field(min_length=1)]


def week_of_windows(windows: Iterable[Window]) -> Week:
    """The week's intervals that lie in a window."""
    return build_week(interval for window in windows for interval in window.intervals())


@dataclass(frozen=True, slots=True)
class QuietClock:
    """A wall clock with its quiet times.

    Attributes
    ----------
    week : Week
        The quiet intervals of the week.
    holiday : callable or None
        Whether a date is quiet from midnight to midnight.
    behind, ahead : timedelta
        Offsets of the other clocks that it represents; `week` already includes their quiet times.
    """

    week: Week
    place: tzinfo
    holiday: Calendar | None = None
    behind: timedelta = _NOTHING
    ahead: timedelta = _NOTHING

    def left(self, moment: datetime) -> int | None:
        """Lower bound of the quiet seconds left at `moment`: 0 outside quiet times, None where they have no end."""
        wall = moment.astimezone(self.place)
        of_week = remaining(self.week, second_of_week(wall))
        if of_week is None or self.holiday is None:
            return of_week
        return max(of_week, self._of_holiday(self.holiday, wall.replace(tzinfo=None, microsecond=0)))

    def _of_holiday(self, holiday: Calendar, wall: datetime) -> int:
        first, day = (wall - self.behind).date(), (wall + self.ahead).date()
        while day >= first:
            if holiday(day):
                end = datetime.combine(day + _DAY, time()) + self.behind
                return int((end - wall).total_seconds())
            day -= _DAY
        return 0


def clock_anywhere(week: Week, holiday: Calendar | None) -> QuietClock:
    """One clock for all time zones: quiet while any of them is quiet.

    In UTC each interval begins when it begins in the zone farthest ahead, and ends when it ends in the one farthest
    behind.
    """
    wide = widen(week, int(_AHEAD.total_seconds()), int(_BEHIND.total_seconds()))
    return QuietClock(wide, UTC, holiday, _BEHIND, _AHEAD)


def first_free_moment(clocks: Sequence[QuietClock], now: datetime) -> datetime | None:
    """First moment from `now`, in UTC, at which no clock is quiet; None if there is none in 22 days."""
    if all(clock.left(now) == 0 for clock in clocks):
        return now
    moment = now
    while moment <= now + _HORIZON:
        ends = [_end(clock, moment) for clock in clocks]
        later = [end for end in ends if end is not None]
        if len(later) < len(ends):
            return None
        if max(later) == moment:
            return moment
        moment = max(later)
    return None


def _end(clock: QuietClock, now: datetime) -> datetime | None:
    """First moment from `now` on that is not quiet; None if there is none in 22 days."""
    moment = now
    while moment <= now + _HORIZON:
        left = clock.left(moment)
        if left is None:
            return None
        if left == 0:
            return moment
        end = moment.replace(microsecond=0) + timedelta(seconds=left)
        moment = _jump(clock.place, moment, end) or end
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
