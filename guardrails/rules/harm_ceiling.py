"""A contact must not be too likely to drive the customer away: a second look at the candidate that was chosen."""

from typing import Literal

from pydantic import Field

from heed.decisioning.customer import Facts
from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.field_types import UnitInterval
from heed.guardrails.rules.rule import Restraint, Rule


class HarmCeiling(Rule):
    """Largest probability of opt-out, complaint or unsubscribe that is accepted.

    Attributes
    ----------
    at_most : float
        Per contact, in [0, 1].
    effect : Restraint
        What a larger probability meets. An unknown one goes to a person.
    """

    kind: Literal["harm_ceiling"]
    at_most: UnitInterval = Field(examples=["0.02"])
    effect: Restraint = Restraint.SUPPRESS


def look(rule: HarmCeiling, facts: Facts, choice: Choice) -> Verdict:
    """Object above the ceiling; what is not a number is above it."""
    del facts
    if choice.harm is None:
        return rule.lacking("How likely the contact is to do harm is not known.", Effect.REVIEW)
    accepted = f"{rule.at_most:.2%} accepted"
    if choice.harm <= rule.at_most:
        return rule.allow(f"Probability of harm {choice.harm:.2%} stays within the {accepted}.")
    return rule.against(rule.effect.effect, f"Probability of harm {choice.harm:.4g} is above the {accepted}.")
