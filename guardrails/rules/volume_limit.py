"""Volume limits: contacts and their cost, over all customers, in a rolling window."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts, Volume
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import Duration, NonNegative
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.frequency_cap import Per
from heed.guardrails.rules.rule import Restraint, Rule


class VolumeLimit(Rule):
    """At most this many contacts, or this much cost, in any window.

    Reserved and executed slots of all customers count, and so does the candidate itself. A recorded interval that is
    only partly in the window counts in full.

    Attributes
    ----------
    contacts : int or None
        Contacts allowed in the window.
    budget : float or None
        Their total cost, in the catalogue's currency.
    per : Per
        What is counted together.
    window : timedelta
        In real time, at most 90 days.
    """

    kind: Literal["volume_limit"]
    contacts: Annotated[int, Field(strict=True, ge=0)] | None = Field(default=None, examples=["5000"])
    budget: NonNegative | None = Field(default=None, examples=["250.00"])
    per: Per = Per.ALL
    window: Duration = Field(examples=["24h"])
    effect: Restraint = Restraint.SUPPRESS

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.contacts is None and self.budget is None:
            raise ValueError("needs `contacts`, `budget` or both")
        return self

    @cached_property
    def shared(self) -> str | None:
        """The attribute that volumes counted together share."""
        return self.per.attribute


@dataclass(frozen=True, slots=True)
class _Total:
    contacts: int
    spent: float

    def fits(self, rule: VolumeLimit, cost: float) -> bool:
        """Whether one more contact stays within the limits; a cost of NaN does not."""
        few = rule.contacts is None or self.contacts < rule.contacts
        return few and (rule.budget is None or self.spent + cost <= rule.budget)


def sharing_key(rule: VolumeLimit, action: Action) -> tuple[str | None, float]:
    """Key: the property that is counted together, and the cost under a budget."""
    own = None if rule.shared is None else str(getattr(action, rule.shared))
    return (own, action.cost if rule.budget is not None else 0.0)


def evaluate(rule: VolumeLimit, catalogue: Mapping[str, Action], facts: Facts, action: Action) -> Verdict:
    """Object where one more contact would exceed a limit.

    Parameters
    ----------
    catalogue : mapping of str to Action
        The actions by id, to attribute volumes. A volume of an unknown action counts everywhere.
    """
    if facts.volumes is None:
        return rule.lacking("What all customers were contacted with lately is not known.")
    since, alike = facts.now - rule.window, _alike(rule, catalogue, action)
    unknown = rule.per is not Per.ACTION
    counted = [volume for volume in facts.volumes if volume.until > since and alike.get(volume.action_id, unknown)]
    total = _total(counted)
    usage = _usage_text(rule, total, action)
    if total.fits(rule, action.cost):
        return rule.allow(f"{usage}.")
    free = _free_from(rule, counted, action.cost)
    then = "no other time is known" if free is None else f"the next is possible from {reason_text.format_moment(free)}"
    return rule.against(rule.effect.effect, f"{usage}; {then}.", free)


def _alike(rule: VolumeLimit, catalogue: Mapping[str, Action], action: Action) -> dict[str, bool]:
    """Whether each known action is counted together with this one; this one always is."""
    own = None if rule.shared is None else getattr(action, rule.shared)
    alike = {
        name: (rule.shared is None or getattr(other, rule.shared) == own) and rule.scope.concerns(other)
        for name, other in catalogue.items()
    }
    return {**alike, action.action_id: True}


def _total(volumes: list[Volume]) -> _Total:
    return _Total(sum(volume.contacts for volume in volumes), sum(volume.spent for volume in volumes))


def _free_from(rule: VolumeLimit, volumes: list[Volume], cost: float) -> datetime | None:
    """When enough intervals have left the window, None where the limit is too small for any contact."""
    left = sorted(volumes, key=lambda volume: volume.until)
    while left:
        gone = left[0].until
        left = [volume for volume in left if volume.until > gone]
        if _total(left).fits(rule, cost):
            return gone + rule.window
    return None


def _usage_text(rule: VolumeLimit, total: _Total, action: Action) -> str:
    about = "all customers" if rule.shared is None else f"all customers and `{getattr(action, rule.shared)}`"
    parts = [] if rule.contacts is None else [f"{total.contacts} of {rule.contacts} contacts"]
    if rule.budget is not None:
        parts.append(f"{total.spent:.2f} of {rule.budget:.2f} spent and {action.cost:.2f} asked for")
    return f"{', '.join(parts)} for {about} in the last {reason_text.format_span(rule.window)}"
