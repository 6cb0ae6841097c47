"""Mandatory review: vulnerable customers, and actions of significant effect.

See GDPR, Article 22, and the FCA's guidance on vulnerable customers (FG21/1).
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Literal

from pydantic import Field

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.field_types import Names
from heed.guardrails.rules.rule import Rule


class UnknownAttribute(StrEnum):
    """Effect for a customer of whom an attribute is unknown."""

    REVIEW = "review"
    ALLOW = "allow"


class HumanReview(Rule):
    """Asks for review, always or for customers with an attribute.

    Attributes
    ----------
    attributes : tuple of str or None
        Boolean attributes, of which one that is true is enough. Without them everything in scope goes to review.
    unknown : UnknownAttribute
        Effect where an attribute is missing.
    """

    kind: Literal["human_review"]
    attributes: Names | None = Field(default=None, examples=["[vulnerable]"])
    unknown: UnknownAttribute = UnknownAttribute.REVIEW

    def attributes_named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """The attributes that the rule checks."""
        yield from ((("attributes", place), name) for place, name in enumerate(self.attributes or ()))


def sharing_key(_: HumanReview, __: Action) -> None:
    """All actions get the same verdict."""
    return


def evaluate(rule: HumanReview, facts: Facts, _: Action) -> Verdict:
    """Review, unless every named attribute is known to be false; a value that is not boolean counts as true."""
    if rule.attributes is None:
        return rule.against(Effect.REVIEW, f"A person decides: {rule.purpose}")
    values = {name: facts.customer.attributes.get(name) for name in rule.attributes}
    # False, 0 and 0.0 are equal; text such as "no" is not interpreted.
    holding = [name for name, value in values.items() if value is not None and value != False]  # noqa: E712
    if holding:
        return rule.against(Effect.REVIEW, f"A person decides where `{holding[0]}` holds: {rule.purpose}")
    missing = [name for name, value in values.items() if value is None]
    if missing and rule.unknown is UnknownAttribute.REVIEW:
        return rule.lacking(f"A person decides, since `{missing[0]}` is not known: {rule.purpose}", Effect.REVIEW)
    return rule.allow("No attribute that calls for a person is known to hold.")
