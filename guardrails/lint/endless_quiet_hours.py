"""Find quiet hours that never end."""

from collections.abc import Iterator

from heed.guardrails.lint.finding import Finding
from heed.guardrails.lint.lint_context import LintContext
from heed.guardrails.rules.quiet_hours import QuietHours
from heed.guardrails.rules.schedule import WEEK


def check_endless_quiet_hours(context: LintContext) -> Iterator[Finding]:
    """Quiet hours that cover the whole week."""
    for place, rule in context.of(QuietHours):
        if rule.week == ((0, WEEK),):
            field = "windows" if rule.windows is not None else "only"
            message = "the quiet hours cover the whole week, so nothing in scope is ever sent"
            yield context.error("quiet-all-week", place, field, message, "leave some hours of the week open")
