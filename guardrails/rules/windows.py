"""Windows of local wall time as a policy writes them, and the week that they make."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from heed.guardrails.field_types import LocalTime, StrictModel
from heed.guardrails.rules.week import DAY, Week, build_week


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


Windows = Annotated[tuple[Window, ...], Field(min_length=1)]


def week_of_windows(windows: Iterable[Window]) -> Week:
    """The week's stretches that lie in a window."""
    return build_week(stretch for window in windows for stretch in window.stretches())
