"""Objections: suppress further messages, beyond marketing, after an objection to marketing.

Marketing after an objection is never scored, whatever a policy says (GDPR, Article 21(3)); see
:mod:`heed.decisioning.marketing_objection`. The scope of this rule says what else stops.
"""

from typing import Literal

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.rule import Rule


class ObjectionRule(Rule):
    """Suppresses everything in scope for customers who objected to marketing at any contact point."""

    kind: Literal["objection"]


def sharing_key(_: ObjectionRule, __: Action) -> None:
    """All actions get the same verdict."""
    return


def evaluate(rule: ObjectionRule, facts: Facts, _: Action) -> Verdict:
    """Suppress, without an end, where there is an objection; one dated in the future counts already."""
    objections = facts.customer.objections
    if not objections:
        return rule.allow("No objection is on record.")
    since = reason_text.format_day(min(objection.recorded_at for objection in objections))
    return rule.suppress(f"The customer objected to marketing on {since}, and an objection has no end.")
