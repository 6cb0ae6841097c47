"""Consent given away: contact without consent for everything."""

from collections.abc import Iterator

from guardrails.rules.consent import ConsentRule
from guardrails.static.finding import Finding
from guardrails.static.ground import Ground


def permitted(ground: Ground) -> Iterator[Finding]:
    """Rules that ask for no consent and do not say for which messages."""
    for place, rule in ground.of(ConsentRule):
        scope = rule.scope
        named = (scope.purposes, scope.categories, scope.message_classes, scope.actions)
        if not rule.required and all(names is None for names in named):
            message = "no consent is asked for whatever is sent, advertising included"
            remedy = "name in the scope what needs no consent, as in `message_classes: [service]`"
            yield ground.error("consent-not-asked", place, "required", message, remedy)
