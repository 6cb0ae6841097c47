"""Who answers hardly anything any more has had enough, and more contacts teach the customer to ignore them."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import MAX_WINDOW, Duration, NormalizedNames, UnitInterval
from heed.guardrails.rules import formatting
from heed.guardrails.rules.events import event_times, settled_contacts
from heed.guardrails.rules.rule import Restraint, Rule


class FatigueRule(Rule):
    """Objects where too large a share of the last contacts went unanswered.

    Contacts in the rule's scope that were made count once they are answered, or once their time to be answered is
    over. A customer with fewer of them than `last` is not judged.

    Attributes
    ----------
    last : int
        How many contacts are looked at.
    ignored_at_least : float
        Share of them, in (0, 1], from which on the rule objects.
    answered_by : tuple of str
        Types of outcomes and signals that answer a contact.
    answer_within : timedelta
        How long a contact may wait for its answer.
    certainty_at_least : float
        Least certainty, in [0, 1], with which a signal counts as an answer.
    window : timedelta
        How far back contacts are looked at, at most 90 days.
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


def share(_: FatigueRule, __: Action) -> None:
    """All actions get the same verdict."""
    return


def judge(rule: FatigueRule, facts: Facts, _: Action) -> Verdict:
    """Object while so many ignored contacts lie in the window; eligible again when too few are left to judge by."""
    since = facts.now - rule.window
    contacts = [one for one in facts.customer.contacts if one.at > since and rule.scope.concerns(one)]
    answers = event_times(facts.customer, rule.answered_by, rule.certainty_at_least, since)
    known = settled_contacts(contacts, answers, rule.answer_within, facts.now)[-rule.last :]
    if len(known) < rule.last:
        return rule.allow(f"{len(known)} contacts are too few to speak of fatigue.")
    ignored = sum(not one.answered for one in known)
    said = f"{ignored} of the last {rule.last} contacts were ignored"
    if ignored / rule.last < rule.ignored_at_least:
        return rule.allow(f"{said}.")
    free = known[0].at + rule.window
    return rule.against(
        rule.effect.effect, f"{said}; left in peace until {formatting.moment(free)} or an answer.", free
    )
