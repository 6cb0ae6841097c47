"""Find consent rules that waive consent for everything."""

from collections.abc import Iterator

from heed.guardrails.lint.finding import Finding
from heed.guardrails.lint.lint_context import LintContext
from heed.guardrails.rules.consent import ConsentRule


def check_missing_consent(context: LintContext) -> Iterator[Finding]:
    """Rules that require no consent and do not limit their scope."""
    for place, rule in context.of(ConsentRule):
        scope = rule.scope
        named = (scope.purposes, scope.categories, scope.message_classes, scope.actions)
        if not rule.required and all(names is None for names in named):
            message = "no consent is required for any message, advertising included"
            remedy = "name in the scope which messages need no consent, as in `message_classes: [service]`"
            yield context.error("consent-not-asked", place, "required", message, remedy)
