"""Completeness: objects to contacts on the basis of missing or stale profiles."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import LongDuration, Names
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.consent import channel_points
from heed.guardrails.rules.rule import Restraint, Rule
from heed.guardrails.rules.time_zones import zone_or_none

Known = Callable[[Facts, Action], bool]
CONTACT_POINT = "contact_point"
# Facts that can be required although they are not attributes.
BUILT_IN: Mapping[str, Known] = {
    "time_zone": lambda facts, _: zone_or_none(facts.customer.time_zone) is not None,
    "jurisdiction": lambda facts, _: bool(facts.customer.jurisdiction),
    CONTACT_POINT: lambda facts, action: bool(channel_points(facts.customer, action.channel)),
}


class CompletenessRule(Rule):
    """What must be known of the customer, and how recently the profile must have been reported.

    Attributes
    ----------
    needs : tuple of str or None
        Names of attributes, or `time_zone`, `jurisdiction` and `contact_point` (one of the action's channel).
    reported_within : timedelta or None
        How old the profile's last report may be, at most a hundred years.
    """

    kind: Literal["completeness"]
    needs: Names | None = Field(default=None, examples=["[time_zone, contact_point, age]"])
    reported_within: LongDuration | None = Field(default=None, examples=["30d"])
    effect: Restraint = Restraint.SUPPRESS

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.needs is None and self.reported_within is None:
            raise ValueError("needs `needs`, `reported_within` or both")
        return self

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The names of `needs`, none where it is absent."""
        return self.needs or ()

    def attributes_named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """The attributes among the names of `needs`."""
        yield from ((("needs", place), name) for place, name in enumerate(self.asked) if name not in BUILT_IN)


def sharing_key(rule: CompletenessRule, action: Action) -> str | None:
    """Key: the channel where a contact point is required."""
    return action.channel if CONTACT_POINT in rule.asked else None


def evaluate(rule: CompletenessRule, facts: Facts, action: Action) -> Verdict:
    """Object where something is missing or the profile is too old."""
    missing = [name for name in rule.asked if not _knows(name, facts, action)]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        return rule.against(rule.effect.effect, f"Not known of the customer: {listed}.")
    stale = None if rule.reported_within is None else _staleness(rule, facts.customer.reported_at, facts.now)
    if stale is not None:
        return rule.against(rule.effect.effect, stale)
    return rule.allow("All that is needed is known.")


def _knows(name: str, facts: Facts, action: Action) -> bool:
    if name in BUILT_IN:
        return BUILT_IN[name](facts, action)
    value = facts.customer.attributes.get(name)
    return value is not None and value == value and value != ""


def _staleness(rule: CompletenessRule, reported_at: datetime | None, now: datetime) -> str | None:
    """Why the profile is stale, None where it is not; a report dated in the future may be off by the same span."""
    if reported_at is None or rule.reported_within is None:
        return "The profile was never reported."
    if abs(now - reported_at) < rule.reported_within:
        return None
    limit = reason_text.format_span(rule.reported_within)
    return f"The profile was last reported on {reason_text.format_day(reported_at)}, which is not within {limit}."
