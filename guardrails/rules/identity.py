"""Identity certainty: a wrong merge would send one person's offers to another."""

from typing import Literal

from pydantic import Field

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import UnitInterval
from heed.guardrails.rules.rule import Restraint, Rule


class IdentityRule(Rule):
    """Lowest accepted certainty of identity.

    Attributes
    ----------
    at_least : float
        Probability in [0, 1] that all facts belong to one person.
    effect : Restraint
        Effect of a lower certainty. An unknown one always suppresses.
    """

    kind: Literal["identity"]
    at_least: UnitInterval = Field(examples=["0.9"])
    effect: Restraint = Restraint.SUPPRESS


def sharing_key(_: IdentityRule, __: Action) -> None:
    """All actions get the same verdict."""
    return


def evaluate(rule: IdentityRule, facts: Facts, _: Action) -> Verdict:
    """Object below the required certainty; NaN counts as below."""
    identity = facts.customer.identity
    if identity is None:
        return rule.lacking("How certain the customer's identity is has not been said.")
    required = f"{rule.at_least:.1%} asked for"
    if identity >= rule.at_least:
        return rule.allow(f"Identity is certain enough for the {required}.")
    return rule.against(rule.effect.effect, f"Identity is less certain than the {required}.")
