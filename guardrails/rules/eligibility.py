"""The eligibility condition of an action in the catalogue."""

from datetime import datetime
from typing import Literal

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.conditions.cel import Condition, Undecidable
from heed.guardrails.conditions.cel_env import variable_values
from heed.guardrails.rules.rule import Restraint, Rule


class EligibilityRule(Rule):
    """Checks each action's `eligibility`; an action without one is for everybody.

    Attributes
    ----------
    effect : Restraint
        Effect for an ineligible customer. A condition that cannot be evaluated always suppresses.
    """

    kind: Literal["eligibility"]
    effect: Restraint = Restraint.SUPPRESS

    @property
    def stands_until(self) -> datetime | None:
        """Never known: without a rule of this kind the guard itself suppresses."""
        return None


def evaluate(rule: EligibilityRule, condition: Condition | None, facts: Facts, action: Action) -> Verdict:
    """Allow where the action's condition holds or it has none."""
    if condition is None:
        return rule.allow("The catalogue sets no condition of eligibility.")
    try:
        holds = condition.holds(variable_values(condition, facts, action))
    except Undecidable as error:
        return rule.lacking(f"Eligibility `{condition.text}` cannot be decided: {error}.")
    if holds:
        return rule.allow(f"Eligible: `{condition.text}`.")
    return rule.against(rule.effect.effect, f"Not eligible: `{condition.text}` does not hold.")
