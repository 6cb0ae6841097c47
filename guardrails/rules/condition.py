"""A CEL condition over customer, context and action."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.conditions.cel import Condition, Undecidable
from heed.guardrails.conditions.cel_env import variable_values
from heed.guardrails.rules.rule import Rule

Expression = Annotated[str, Field(min_length=1, examples=["customer.age >= 18"])]
FIELDS = ("allow_when", "suppress_when", "review_when")


class ConditionRule(Rule):
    """Exactly one of three conditions in CEL.

    Attributes
    ----------
    allow_when : str or None
        Suppress unless it holds.
    suppress_when : str or None
        Suppress if it holds.
    review_when : str or None
        Review if it holds.
    """

    kind: Literal["condition"]
    allow_when: Expression | None = None
    suppress_when: Expression | None = None
    review_when: Expression | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(getattr(self, name) is not None for name in FIELDS) != 1:
            raise ValueError("needs exactly one of `allow_when`, `suppress_when` and `review_when`")
        return self

    @property
    def written(self) -> tuple[str, str]:
        """The field that is set, and its text."""
        return next((name, text) for name in FIELDS if (text := getattr(self, name)) is not None)


def evaluate(rule: ConditionRule, condition: Condition, facts: Facts, action: Action) -> Verdict:
    """Object as the field states. A condition that cannot be evaluated suppresses, whichever field it is in."""
    try:
        holds = condition.holds(variable_values(condition, facts, action))
    except Undecidable as error:
        return rule.lacking(f"`{condition.text}` cannot be decided: {error}.")
    says = f"`{condition.text}` {'holds' if holds else 'does not hold'}"
    if holds is (rule.allow_when is not None):
        return rule.allow(f"{says}.")
    effect = Effect.REVIEW if rule.review_when is not None else Effect.SUPPRESS
    return rule.against(effect, f"{says}: {rule.purpose}")
