"""Cool-down: no contact for a while after an event such as a complaint, or after ignored contacts."""

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import Duration, NormalizedNames, UnitInterval
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.events import event_times, settled_contacts, to_moment
from heed.guardrails.rules.rule import Restraint, Rule


class CoolDown(Rule):
    """Objects until the window is over after an event, or after a number of ignored contacts in a row.

    Attributes
    ----------
    after : tuple of str or None
        Types of outcomes and signals that start the cool-down, at any certainty.
    after_ignored : int or None
        How many contacts in a row, of those in the rule's scope, must have been ignored.
    answered_by : tuple of str or None
        Types of outcomes and signals that answer a contact; only with `after_ignored`.
    answer_within : timedelta
        How long after a contact an answer counts.
    certainty_at_least : float
        Lowest certainty, in [0, 1], at which a signal counts as an answer.
    window : timedelta
        Duration from the last such event or contact, at most 90 days.
    """

    kind: Literal["cool_down"]
    after: NormalizedNames | None = Field(default=None, examples=["[complaint]"])
    after_ignored: Annotated[int, Field(strict=True, ge=1)] | None = Field(default=None, examples=["3"])
    answered_by: NormalizedNames | None = Field(default=None, examples=["[open, click, visit]"])
    answer_within: Duration = Field(default=timedelta(days=7), examples=["7d"])
    certainty_at_least: UnitInterval = Field(default=0.5, examples=["0.5"])
    window: Duration = Field(examples=["30d"])
    effect: Restraint = Restraint.SUPPRESS

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.after is None) == (self.after_ignored is None):
            raise ValueError("needs exactly one of `after` and `after_ignored`")
        if (self.after_ignored is None) != (self.answered_by is None):
            raise ValueError("`after_ignored` and `answered_by` go together")
        if self.after_ignored is not None and self.window <= self.answer_within:
            raise ValueError("`window` is not longer than `answer_within`, so no contact could count as ignored")
        return self


def sharing_key(_: CoolDown, __: Action) -> None:
    """All actions get the same verdict."""
    return


def evaluate(rule: CoolDown, facts: Facts, _: Action) -> Verdict:
    """Object until the window after the last cause is over; causes dated in the future count already."""
    if rule.after is not None:
        cause, last = reason_text.join_or(f"`{name}`" for name in rule.after), _last(rule, facts)
    else:
        cause, last = f"{rule.after_ignored} ignored contacts in a row", _last_ignored(rule, facts)
    if last is None or facts.now >= last + rule.window:
        return rule.allow(f"No {cause} in the last {reason_text.format_span(rule.window)}.")
    free = last + rule.window
    since, until = reason_text.format_day(last), reason_text.format_moment(free)
    reason = f"Left in peace after {cause}, the last on {since}, until {until}."
    return rule.against(rule.effect.effect, reason, free)


def _last(rule: CoolDown, facts: Facts) -> datetime | None:
    times = event_times(facts.customer, rule.after or (), since=facts.now - rule.window)
    return to_moment(times[-1]) if times else None


def _last_ignored(rule: CoolDown, facts: Facts) -> datetime | None:
    """The last of the most recent ignored contacts in a row, None where they are too few."""
    contacts = [contact for contact in facts.customer.contacts if rule.scope.concerns(contact)]
    if not contacts:
        return None
    first = min(contact.at for contact in contacts)
    answers = event_times(facts.customer, rule.answered_by or (), rule.certainty_at_least, first)
    known = settled_contacts(contacts, answers, rule.answer_within, facts.now)
    row = list(takewhile(lambda contact: not contact.answered, reversed(known)))
    return row[0].at if row and len(row) >= (rule.after_ignored or 1) else None
