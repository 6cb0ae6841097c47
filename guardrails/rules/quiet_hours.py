"""Quiet hours: windows of local time and public holidays, in the customer's own time zone."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import cached_property, lru_cache, partial
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.public_holidays import Holidays, WithHolidays, calendar_of
from heed.guardrails.rules.rule import Rule
from heed.guardrails.rules.schedule import (
    Calendar,
    QuietClock,
    Week,
    Windows,
    clock_anywhere,
    complement,
    first_free_moment,
    union,
    week_of_windows,
)
from heed.guardrails.rules.time_zones import ZoneName, parse_zone, zone_or_none

Points = tuple[tuple[str, ...], ...]


class QuietHours(Rule):
    """Suppresses inside some windows, outside others, and on public holidays.

    Attributes
    ----------
    windows : tuple of Window or None
        Quiet times, in the customer's local time.
    only : tuple of Window or None
        The windows in which sending is allowed; all other times are quiet.
    holidays : bool or tuple of str
        True if the public holidays of the customer's jurisdiction are quiet as well; or the countries whose holidays
        are quiet for every customer.
    unknown_jurisdictions : tuple of str or None
        Where a customer of unknown jurisdiction may live; a holiday in any of them is quiet. Without it, a customer
        with unknown holidays is suppressed.
    unknown_zone : tuple of str or None
        Zones in which a customer of unknown zone may live; all of them must allow. None means every zone on earth.
        Where every contact point of the channel states its possible zones, those are used instead. Where a contact
        point's zones contradict a known zone, all of them must allow.
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
        """All quiet times, as intervals of the week."""
        inside = week_of_windows(self.windows or ())
        return inside if self.only is None else union(inside, complement(week_of_windows(self.only)))

    @cached_property
    def plausible(self) -> tuple[tzinfo, ...]:
        """Possible zones of customers of unknown zone, none where it may be any."""
        return tuple(parse_zone(name) for name in self.unknown_zone or ())

    @cached_property
    def cached_verdict(self) -> Callable[[datetime, str | None, str | None, Points], Verdict]:
        """The verdict by moment, zone, jurisdiction and zones of contact points; recent ones are cached."""
        return lru_cache(maxsize=512)(partial(_verdict, self))

    @cached_property
    def noun(self) -> str:
        """What the rule enforces, as text."""
        if self.windows is None and self.only is None:
            return "public holiday"
        return "quiet hours or public holiday" if self.holidays else "quiet hours"


def sharing_key(_: QuietHours, action: Action) -> str:
    """Key: the channel, since its contact points may have zones of their own."""
    return action.channel


def evaluate(rule: QuietHours, facts: Facts, action: Action) -> Verdict:
    """Suppress while it is quiet in any zone that the customer lives in or may live in."""
    customer = facts.customer
    points = tuple([point.time_zones for point in customer.contact_points if point.channel == action.channel])
    # Channels differ only where contact points have zones, which most do not.
    zones = points if any(points) else ()
    return rule.cached_verdict(facts.now, customer.time_zone, customer.jurisdiction, zones)


def _verdict(
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
    then = "no time is outside them" if free is None else f"contact is possible from {reason_text.format_moment(free)}"
    return rule.suppress(f"{rule.noun.capitalize()} in {where}; {then}.", free)


def _calendar(rule: QuietHours, jurisdiction: str | None) -> Calendar | None:
    """The customer's public holidays, None where the rule has none or they are unknown."""
    if isinstance(rule.holidays, tuple):
        return calendar_of(rule.holidays)
    if not rule.holidays:
        return None
    own = calendar_of((jurisdiction,)) if jurisdiction else None
    return own or calendar_of(rule.unknown_jurisdictions or ())


def _clocks(
    rule: QuietHours, zone_name: str | None, points: Points, holiday: Calendar | None
) -> tuple[list[QuietClock], str | None]:
    """The customer's possible clocks, and the reason for doubt, if any.

    The profile's zone is certain unless a contact point of the channel lies in another.
    """
    own = zone_or_none(zone_name)
    if own is None:
        return _plausible(rule, points, holiday), "time zone unknown"
    abroad = [zone_or_none(name) for names in points if own.key not in names for name in names]
    places = [own, *(place for place in abroad if place is not None)]
    doubt = "a contact point lies elsewhere than the profile says" if len(places) > 1 else None
    return [QuietClock(rule.week, place, holiday) for place in places], doubt


def _plausible(rule: QuietHours, points: Points, holiday: Calendar | None) -> list[QuietClock]:
    """The possible clocks of a customer of unknown zone."""
    stated = [zone_or_none(name) for names in points for name in names]
    places: list[tzinfo] = [zone for zone in stated if zone is not None]
    if points and all(points) and len(places) == len(stated):
        return [QuietClock(rule.week, place, holiday) for place in places]
    places.extend(rule.plausible)
    clocks = [QuietClock(rule.week, place, holiday) for place in places]
    return clocks if rule.plausible else [*clocks, clock_anywhere(rule.week, holiday)]
