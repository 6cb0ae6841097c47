"""Value floor: objects to a chosen action whose net value is too small."""

from typing import Literal

from pydantic import Field

from heed.decisioning.customer import Facts
from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import Money
from heed.guardrails.rules.rule import Restraint, Rule


class ValueFloor(Rule):
    """Lowest net value of a contact.

    Attributes
    ----------
    net_value_at_least : float
        In the catalogue's currency.
    effect : Restraint
        Suppress or review.
    """

    kind: Literal["value_floor"]
    net_value_at_least: Money = Field(examples=["0.50"])
    effect: Restraint = Restraint.SUPPRESS


def evaluate_choice(rule: ValueFloor, facts: Facts, choice: Choice) -> Verdict:
    """Object below the floor; NaN counts as below."""
    del facts
    floor = f"{rule.net_value_at_least:.2f}"
    if choice.net_value >= rule.net_value_at_least:
        return rule.allow(f"Net value {choice.net_value:.2f} reaches the {floor} asked for.")
    return rule.against(rule.effect.effect, f"Net value {choice.net_value:.4g} is below the {floor} asked for.")
