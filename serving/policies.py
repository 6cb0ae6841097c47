"""The policy as the API shows it."""

from decisioning.catalogue import Catalogue
from guardrails.guard import guard_of
from guardrails.loading import parse_policy
from guardrails.policy import Policy
from serving.pages import PolicyView, RuleView


def view(policy: Policy) -> PolicyView:
    """Name, hash and rules in words."""
    rules = [RuleView(one.id, one.kind, one.purpose, one.owner, one.mode) for one in policy.rules]
    return PolicyView(policy.name, policy.hash, rules)


def checked(text: str, catalogue: Catalogue) -> PolicyView:
    """A policy text, read and bound to the catalogue in force as it would be if it took effect.

    Raises
    ------
    PolicyError
        If it would be refused; all faults are named.
    """
    return view(guard_of(parse_policy(text), catalogue).policy)
