"""Open cases: no contact while a case of the customer, such as a complaint, is open."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts, microseconds
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import Duration, NormalizedNames, UnitInterval
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.events import event_times, to_moment
from heed.guardrails.rules.rule import Restraint, Rule


class OpenCase(Rule):
    """Objects from the event that opens a case until one that closes it.

    Attributes
    ----------
    opened_by, closed_by : tuple of str
        Types of outcomes and signals. A closing event closes all cases opened before it.
    certainty_at_least : float
        Lowest certainty, in [0, 1], at which a signal closes a case; any signal opens one.
    at_most : timedelta or None
        How long a case counts as open if it is not closed; without it, until it is closed.
    """

    kind: Literal["open_case"]
    opened_by: NormalizedNames = Field(examples=["[complaint]"])
    closed_by: NormalizedNames = Field(examples=["[complaint_resolved]"])
    certainty_at_least: UnitInterval = Field(default=0.5, examples=["0.5"])
    at_most: Duration | None = Field(default=None, examples=["90d"])
    effect: Restraint = Restraint.SUPPRESS


def sharing_key(_: OpenCase, __: Action) -> None:
    """All actions get the same verdict."""
    return


def evaluate(rule: OpenCase, facts: Facts, _: Action) -> Verdict:
    """Object while a case is open; of events at the same moment, the opening one counts last."""
    opened = open_since(rule, facts)
    cause = reason_text.join_or(f"`{name}`" for name in rule.opened_by)
    if opened is None:
        return rule.allow(f"No {cause} is open.")
    end = None if rule.at_most is None else opened + rule.at_most
    if end is not None and facts.now >= end:
        return rule.allow(f"The {cause} of {reason_text.format_day(opened)} counts as open no longer.")
    until = (
        "until it is closed" if end is None else f"until it is closed, at the latest {reason_text.format_moment(end)}"
    )
    return rule.against(
        rule.effect.effect, f"A {cause} is open since {reason_text.format_day(opened)}; silent {until}.", end
    )


def open_since(rule: OpenCase, facts: Facts) -> datetime | None:
    """When the open case was last opened, None where none is open.

    An event dated after `now` by another clock opens a case but does not close one.
    """
    opened = event_times(facts.customer, rule.opened_by)
    if not opened:
        return None
    now, last = microseconds(facts.now), opened[-1]
    closed = event_times(facts.customer, rule.closed_by, rule.certainty_at_least)
    return None if any(last < at <= now for at in closed) else to_moment(last)
