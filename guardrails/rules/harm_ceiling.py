"""Harm ceiling: objects to a chosen action that is too likely to cause an opt-out or complaint."""

from typing import Literal

from pydantic import Field

from heed.decisioning.customer import Facts
from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.field_types import UnitInterval
from heed.guardrails.rules.rule import Restraint, Rule


class HarmCeiling(Rule):
    """Largest accepted probability of opt-out, complaint or unsubscribe.

    Attributes
    ----------
    at_most : float
        Per contact, in [0, 1].
    effect : Restraint
        Effect of a larger probability. An unknown one goes to review.
    """

    kind: Literal["harm_ceiling"]
    at_most: UnitInterval = Field(examples=["0.02"])
    effect: Restraint = Restraint.SUPPRESS


def evaluate_choice(rule: HarmCeiling, facts: Facts, choice: Choice) -> Verdict:
    """Object above the ceiling; NaN counts as above."""
    del facts
    if choice.harm is None:
        return rule.lacking("How likely the contact is to do harm is not known.", Effect.REVIEW)
    accepted = f"{rule.at_most:.2%} accepted"
    if choice.harm <= rule.at_most:
        return rule.allow(f"Probability of harm {choice.harm:.2%} stays within the {accepted}.")
    return rule.against(rule.effect.effect, f"Probability of harm {choice.harm:.4g} is above the {accepted}.")
