"""One contact point must satisfy every consent rule in force.

The guard adds this rule where several consent rules apply. Without it, one rule could accept one contact point and the
next another, and both would allow.
"""

from collections.abc import Hashable, Sequence

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.rules.consent import ConsentRule, consented_points
from heed.guardrails.rules.rule import Rule


class SharedContactPoint(Rule):
    """The guard's own rule over the consent rules of a policy; it appears in no policy file."""


SHARED_CONTACT_POINT = SharedContactPoint(
    id="heed-common-contact-point",
    purpose="Every consent asked for is there for one contact point.",
    owner="heed",
)


def sharing_key(rules: Sequence[ConsentRule], action: Action) -> Hashable:
    """Key: the rules that apply, and the action's channel, purpose and topic."""
    concerned = tuple((rule.scope.concerns(action), rule.scope.spares(action)) for rule in rules)
    return (concerned, action.channel, action.purpose, action.topic)


def evaluate(rules: Sequence[ConsentRule], facts: Facts, action: Action) -> Verdict:
    """Suppress where each rule accepts some contact point, but no contact point is accepted by all."""
    in_force = _rules_in_force(rules, facts, action)
    accepted = [consented_points(rule, facts, action) for rule in in_force] if len(in_force) > 1 else []
    if accepted and all(accepted) and not _accepted_by_all(accepted):
        return SHARED_CONTACT_POINT.suppress(
            f"No contact point for {action.channel} has every consent that is asked for."
        )
    return SHARED_CONTACT_POINT.allow("The rules of consent agree on their contact points.")


def shared_contact_points(rules: Sequence[ConsentRule], facts: Facts, action: Action) -> list[str | None]:
    """Contact points that every consent rule in force for the action accepts, ordered by name."""
    return _accepted_by_all([consented_points(rule, facts, action) for rule in _rules_in_force(rules, facts, action)])


def _rules_in_force(rules: Sequence[ConsentRule], facts: Facts, action: Action) -> list[ConsentRule]:
    return [rule for rule in rules if rule.scope.concerns(action) and rule.in_force(facts, action)]


def _accepted_by_all(accepted: Sequence[list[str | None]]) -> list[str | None]:
    return [point for point in accepted[0] if all(point in other for other in accepted[1:])] if accepted else []
