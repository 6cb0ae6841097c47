"""One contact point must satisfy all rules of consent that speak: two half consents are none.

The guard adds this by itself wherever several rules ask. Without it one rule could be content with one contact point
and the next with another, and each allow.
"""

from collections.abc import Hashable, Sequence

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.rules.consent import ConsentRule, consented_points
from heed.guardrails.rules.rule import Rule


class SharedContactPoint(Rule):
    """No rule of any policy: the guard's own, over the policy's rules of consent."""


SHARED_CONTACT_POINT = SharedContactPoint(
    id="heed-common-contact-point",
    purpose="Every consent asked for is there for one contact point.",
    owner="heed",
)


def share(rules: Sequence[ConsentRule], action: Action) -> Hashable:
    """Actions that the same rules are about, of one channel, purpose and topic, get the same verdict."""
    concerned = tuple((one.scope.concerns(action), one.scope.spares(action)) for one in rules)
    return (concerned, action.channel, action.purpose, action.topic)


def judge(rules: Sequence[ConsentRule], facts: Facts, action: Action) -> Verdict:
    """Suppress where each rule is content with some contact point, and no contact point contents all."""
    speaking = _speaking(rules, facts, action)
    each = [consented_points(one, facts, action) for one in speaking] if len(speaking) > 1 else []
    if each and all(each) and not _in_all(each):
        return SHARED_CONTACT_POINT.suppress(
            f"No contact point for {action.channel} has every consent that is asked for."
        )
    return SHARED_CONTACT_POINT.allow("The rules of consent agree on their contact points.")


def shared_contact_points(rules: Sequence[ConsentRule], facts: Facts, action: Action) -> list[str | None]:
    """Contact points with which all rules that speak for an action are content, in the order of their names."""
    return _in_all([consented_points(one, facts, action) for one in _speaking(rules, facts, action)])


def _speaking(rules: Sequence[ConsentRule], facts: Facts, action: Action) -> list[ConsentRule]:
    return [one for one in rules if one.scope.concerns(action) and one.in_force(facts, action)]


def _in_all(each: Sequence[list[str | None]]) -> list[str | None]:
    return [point for point in each[0] if all(point in other for other in each[1:])] if each else []
