"""Find expired rules and rules not yet in force."""

from collections.abc import Iterator

from heed.guardrails.lint.finding import Finding
from heed.guardrails.lint.lint_context import LintContext
from heed.guardrails.rules.reason_text import format_day


def check_rule_dates(context: LintContext) -> Iterator[Finding]:
    """Expired rules, and rules not yet in force."""
    for place, rule in enumerate(context.rules):
        if rule.valid_until is not None and rule.valid_until <= context.as_of:
            message = f"the rule expired on {format_day(rule.valid_until)} and no longer applies"
            yield context.warning("expired", place, "valid_until", message, "take it out, or move the date")
        elif rule.valid_from is not None and rule.valid_from > context.as_of:
            message = f"the rule is not in force before {format_day(rule.valid_from)}"
            yield context.warning(
                "not-yet-in-force", place, "valid_from", message, "nothing needs doing if that is meant"
            )
