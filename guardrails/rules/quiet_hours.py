"""When a customer is left in peace: windows of local wall time and public holidays, in the customer's own zone."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import cached_property, lru_cache, partial
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.rules import formatting
from heed.guardrails.rules.public_holidays import Holidays, WithHolidays, calendar_of
from heed.guardrails.rules.rule import Rule
from heed.guardrails.rules.schedule import Calendar, QuietClock, clock_anywhere, first_free_moment
from heed.guardrails.rules.time_zones import ZoneName, parse_zone, zone_or_none
from heed.guardrails.rules.week import Week, complement, union
from heed.guardrails.rules.windows import Windows, week_of_windows

Points = tuple[tuple[str, ...], ...]


class QuietHours(Rule):
    """Suppresses inside some windows, outside others, and on public holidays.

    Attributes
    ----------
    windows : tuple of Window or None
        When it is quiet, in the customer's wall time.
    only : tuple of Window or None
        Outside of these it is quiet: the windows in which sending is allowed.
    holidays : bool or tuple of str
        Whether the public holidays of the customer's jurisdiction are quiet as well, or of which countries they are,
        wherever the customer is.
    unknown_jurisdictions : tuple of str or None
        Where a customer of unknown jurisdiction may live; a holiday in one of them is quiet. Without it a customer
        whose holidays are not known is never free.
    unknown_zone : tuple of str or None
        Zones in which a customer of unknown zone may live; all of them must allow. None means anywhere on earth.
        Where every contact point of the channel says which zones it may be in, those are asked instead. A known zone
        that a contact point contradicts, saying zones without it, must allow together with all of these.
    """

    kind: Literal["quiet_hours"]
    windows: Windows | None = Field(default=None, examples=["[{from: 20:00, to: 08:00}]"])
    only: Windows | None = Field(default=None, examples=["[{days: [mon, tue], from: 09:00, to: 18:00}]"])
    holidays: Holidays = Field(default=False, examples=["true"])
    unknown_jurisdictions: WithHolidays | None = Field(default=None, examples=["[DE, AT, CH]"])
    unknown_zone: Annotated[tuple[ZoneName, ...], Field(min_length=1)] | None = Field(
        default=None, examples=["[Europe/Berlin, Europe/Lisbon]"]
    )

    @model_validator(mode="after")
    def _is_quiet_at_times(self) -> Self:
        if self.windows is None and self.only is None and self.holidays is False:
            raise ValueError("needs `windows`, `only` or `holidays`")
        if self.unknown_jurisdictions is not None and self.holidays is not True:
            raise ValueError("`unknown_jurisdictions` is for `holidays: true`")
        return self

    @cached_property
    def week(self) -> Week:
        """All that is quiet, as stretches of the wall clock's week."""
        inside = week_of_windows(self.windows or ())
        return inside if self.only is None else union(inside, complement(week_of_windows(self.only)))

    @cached_property
    def plausible(self) -> tuple[tzinfo, ...]:
        """Zones of customers of unknown zone, none where it may be any on earth."""
        return tuple(parse_zone(name) for name in self.unknown_zone or ())

    @cached_property
    def judged(self) -> Callable[[datetime, str | None, str | None, Points], Verdict]:
        """What the rule says at a moment, by zone, jurisdiction, and the zones of contact points; the last are kept."""
        return lru_cache(maxsize=512)(partial(_judged, self))

    @cached_property
    def noun(self) -> str:
        """What the rule keeps, in words."""
        if self.windows is None and self.only is None:
            return "public holiday"
        return "quiet hours or public holiday" if self.holidays else "quiet hours"


def share(_: QuietHours, action: Action) -> str:
    """Actions of one channel get the same verdict, since contact points of a channel may say zones of their own."""
    return action.channel


def judge(rule: QuietHours, facts: Facts, action: Action) -> Verdict:
    """Suppress while a clock that the customer goes by, or may go by, reads a quiet time."""
    customer = facts.customer
    points = tuple([one.time_zones for one in customer.contact_points if one.channel == action.channel])
    # Channels differ only where contact points say which zones they lie in, and most say nothing.
    told = points if any(points) else ()
    return rule.judged(facts.now, customer.time_zone, customer.jurisdiction, told)


def _judged(
    rule: QuietHours, now: datetime, zone_name: str | None, jurisdiction: str | None, points: Points
) -> Verdict:
    holiday = _calendar(rule, jurisdiction)
    if holiday is None and rule.holidays:
        return rule.lacking("Which public holidays the customer keeps is not known.")
    clocks, doubt = _clocks(rule, zone_name, points, holiday)
    now = now.astimezone(UTC)
    free = first_free_moment(clocks, now)
    if free == now:
        where = f"every zone that the customer may live in ({doubt})" if doubt else "the customer's time zone"
        return rule.allow(f"Outside {rule.noun} in {where}.")
    where = f"at least one zone that the customer may live in ({doubt})" if doubt else "the customer's time zone"
    then = "no time is outside them" if free is None else f"contact is possible from {formatting.moment(free)}"
    return rule.suppress(f"{rule.noun.capitalize()} in {where}; {then}.", free)


def _calendar(rule: QuietHours, jurisdiction: str | None) -> Calendar | None:
    """The holidays that count for a customer, None where there are none or they are not known."""
    if isinstance(rule.holidays, tuple):
        return calendar_of(rule.holidays)
    if not rule.holidays:
        return None
    own = calendar_of((jurisdiction,)) if jurisdiction else None
    return own or calendar_of(rule.unknown_jurisdictions or ())


def _clocks(
    rule: QuietHours, zone_name: str | None, points: Points, holiday: Calendar | None
) -> tuple[list[QuietClock], str | None]:
    """The clocks that a customer goes by, or may go by, and why there is doubt; None where there is none.

    The profile's zone is certain unless a contact point of the channel lies in others, as one abroad does.
    """
    own = zone_or_none(zone_name)
    if own is None:
        return _plausible(rule, points, holiday), "time zone unknown"
    abroad = [zone_or_none(name) for names in points if own.key not in names for name in names]
    places = [own, *(place for place in abroad if place is not None)]
    doubt = "a contact point lies elsewhere than the profile says" if len(places) > 1 else None
    return [QuietClock(rule.week, place, holiday) for place in places], doubt


def _plausible(rule: QuietHours, points: Points, holiday: Calendar | None) -> list[QuietClock]:
    """The clocks that a customer of unknown zone may go by."""
    said = [zone_or_none(name) for names in points for name in names]
    places: list[tzinfo] = [one for one in said if one is not None]
    if points and all(points) and len(places) == len(said):
        return [QuietClock(rule.week, place, holiday) for place in places]
    places.extend(rule.plausible)
    clocks = [QuietClock(rule.week, place, holiday) for place in places]
    return clocks if rule.plausible else [*clocks, clock_anywhere(rule.week, holiday)]
