"""Find frequency caps that narrower caps make idle."""

from collections.abc import Iterator

from heed.guardrails.lint.finding import Finding
from heed.guardrails.lint.lint_context import LintContext
from heed.guardrails.rules.frequency_cap import FrequencyCap, Per
from heed.guardrails.rules.rule import Restraint


def check_idle_caps(context: LintContext) -> Iterator[Finding]:
    """Caps over several kinds of contact that the caps of each kind together never exceed."""
    caps = [(place, rule) for place, rule in context.of(FrequencyCap) if context.in_force(rule) and rule.everywhere]
    for place, rule in caps:
        if rule.per is Per.ALL:
            yield from _idle(context, place, rule, caps)


def _idle(
    context: LintContext, place: int, rule: FrequencyCap, caps: list[tuple[int, FrequencyCap]]
) -> Iterator[Finding]:
    left = set(context.concerned(rule))
    parts: list[tuple[int, FrequencyCap]] = []
    narrower = [(other, narrow) for other, narrow in caps if other != place and _bounds(context, narrow, rule)]
    for other, narrow in sorted(narrower, key=lambda cap: -len(context.concerned(cap[1]))):
        if context.concerned(narrow) & left:
            parts.append((other, narrow))
            left -= context.concerned(narrow)
    total = sum(narrow.limit for _, narrow in parts)
    if len(parts) > 1 and not left and total <= rule.limit:
        named = ", ".join(context.stands(other) for other, _ in parts)
        message = f"{named} together allow {total} contacts, so this cap of {rule.limit} is never reached first"
        remedy = "lower the limit below that sum, or remove the rule"
        yield context.warning("cap-never-reached", place, "limit", message, remedy)


def _bounds(context: LintContext, narrow: FrequencyCap, rule: FrequencyCap) -> bool:
    """Whether a cap limits a part of what another counts, over at least as long a window."""
    within = bool(context.concerned(narrow)) and context.concerned(narrow) < context.concerned(rule)
    return within and narrow.per is Per.ALL and narrow.window >= rule.window and narrow.effect is Restraint.SUPPRESS
