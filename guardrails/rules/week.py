"""The week as a circle of wall seconds, and stretches of it."""

from collections.abc import Iterable
from datetime import datetime

DAY = 24 * 60 * 60
WEEK = 7 * DAY
Week = tuple[tuple[int, int], ...]


def build_week(stretches: Iterable[tuple[int, int]]) -> Week:
    """Stretches of seconds since Monday 00:00 as disjoint half-open intervals of [0, WEEK), sorted.

    A stretch may begin before the week or end after it: the week is a circle.
    """
    cut = sorted(piece for first, last in stretches for piece in _cut(first, last))
    merged: list[tuple[int, int]] = []
    for first, last in cut:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def widen(week: Week, earlier: int, later: int) -> Week:
    """Every stretch begun `earlier` seconds earlier and ended `later` seconds later."""
    return build_week((first - earlier, last + later) for first, last in week)


def union(one: Week, other: Week) -> Week:
    """The stretches of both."""
    return build_week((*one, *other))


def complement(week: Week) -> Week:
    """The stretches between the stretches of a week."""
    ends = (0, *(last for _, last in week))
    starts = (*(first for first, _ in week), WEEK)
    return tuple((end, start) for end, start in zip(ends, starts, strict=True) if end < start)


def second_of_week(wall: datetime) -> int:
    """What a wall clock reads, in whole seconds since Monday 00:00."""
    return wall.weekday() * DAY + wall.hour * 3600 + wall.minute * 60 + wall.second


def remaining(week: Week, second: int) -> int | None:
    """Seconds until the end of the stretch that `second` lies in: 0 outside all, None if the week is one stretch."""
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
