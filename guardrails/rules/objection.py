"""Who objected is left alone, also with the messages that a policy lists beyond marketing.

Marketing after an objection is neither scored nor considered, whatever a policy says (GDPR, Article 21(3)); see
:mod:`heed.decisioning.marketing_objection`. This rule is for what else should stop then, by its scope.
"""

from typing import Literal

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.rules import formatting
from heed.guardrails.rules.rule import Rule


class ObjectionRule(Rule):
    """Suppresses whatever is in scope for whoever has objected to marketing, at any contact point."""

    kind: Literal["objection"]


def share(_: ObjectionRule, __: Action) -> None:
    """All actions get the same verdict."""
    return


def judge(rule: ObjectionRule, facts: Facts, _: Action) -> Verdict:
    """Suppress for good once there is an objection; one dated ahead counts already."""
    objections = facts.customer.objections
    if not objections:
        return rule.allow("No objection is on record.")
    since = formatting.day(min(one.recorded_at for one in objections))
    return rule.suppress(f"The customer objected to marketing on {since}, and an objection has no end.")
