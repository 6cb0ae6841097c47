"""Quiet hours that never end."""

from collections.abc import Iterator

from guardrails.rules.quiet_hours import QuietHours
from guardrails.rules.week import WEEK
from guardrails.static.finding import Finding
from guardrails.static.ground import Ground


def endless(ground: Ground) -> Iterator[Finding]:
    """Quiet hours that cover the whole week."""
    for place, rule in ground.of(QuietHours):
        if rule.week == ((0, WEEK),):
            field = "windows" if rule.windows is not None else "only"
            message = "the quiet hours cover the whole week, so nothing in scope is ever sent"
            yield ground.error("quiet-all-week", place, field, message, "leave some hours of the week open")
