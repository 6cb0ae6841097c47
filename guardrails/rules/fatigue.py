"""Fatigue: objects to further contacts of a customer who ignores most of them."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import MAX_WINDOW, Duration, NormalizedNames, UnitInterval
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.events import event_times, settled_contacts
from heed.guardrails.rules.rule import Restraint, Rule


class FatigueRule(Rule):
    """Objects where too large a share of the last contacts was ignored.

    An executed contact in the rule's scope counts once it is answered, or once its time to be answered is over. A
    customer with fewer than `last` such contacts is allowed.

    Attributes
    ----------
    last : int
        Number of contacts considered.
    ignored_at_least : float
        Ignored share, in (0, 1], at which the rule objects.
    answered_by : tuple of str
        Types of outcomes and signals that answer a contact.
    answer_within : timedelta
        How long after a contact an answer counts.
    certainty_at_least : float
        Lowest certainty, in [0, 1], at which a signal counts as an answer.
    window : timedelta
        How far back contacts are considered, at most 90 days.
    """

    kind: Literal["fatigue"]
    last: Annotated[int, Field(strict=True, ge=1, examples=["5"])]
    ignored_at_least: Annotated[float, Field(strict=True, gt=0, le=1, examples=["0.8"])]
    answered_by: NormalizedNames = Field(examples=["[open, click, visit]"])
    answer_within: Duration = Field(default=timedelta(days=7), examples=["7d"])
    certainty_at_least: UnitInterval = Field(default=0.5, examples=["0.5"])
    window: Duration = Field(default=MAX_WINDOW, examples=["90d"])
    effect: Restraint = Restraint.SUPPRESS

    @model_validator(mode="after")
    def _can_match(self) -> Self:
        if self.window <= self.answer_within:
            raise ValueError("`window` is not longer than `answer_within`, so no contact could count as ignored")
        return self


def sharing_key(_: FatigueRule, __: Action) -> None:
    """All actions get the same verdict."""
    return


def evaluate(rule: FatigueRule, facts: Facts, _: Action) -> Verdict:
    """Object while so many ignored contacts are in the window; eligible again when fewer than `last` are left."""
    since = facts.now - rule.window
    contacts = [contact for contact in facts.customer.contacts if contact.at > since and rule.scope.concerns(contact)]
    answers = event_times(facts.customer, rule.answered_by, rule.certainty_at_least, since)
    recent = settled_contacts(contacts, answers, rule.answer_within, facts.now)[-rule.last :]
    if len(recent) < rule.last:
        return rule.allow(f"{len(recent)} contacts are too few to speak of fatigue.")
    ignored = sum(not value.answered for value in recent)
    summary = f"{ignored} of the last {rule.last} contacts were ignored"
    if ignored / rule.last < rule.ignored_at_least:
        return rule.allow(f"{summary}.")
    free = recent[0].at + rule.window
    return rule.against(
        rule.effect.effect, f"{summary}; left in peace until {reason_text.format_moment(free)} or an answer.", free
    )
