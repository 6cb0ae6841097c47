"""Find frequency caps that narrower caps make idle."""

from collections.abc import Iterator

from heed.guardrails.lint.finding import Finding
from heed.guardrails.lint.lint_context import LintContext
from heed.guardrails.rules.frequency_cap import FrequencyCap, Per
from heed.guardrails.rules.rule import Restraint


def check_idle_caps(ground: LintContext) -> Iterator[Finding]:
    """Caps over several kinds of contact that the caps of each kind together never exceed."""
    caps = [(place, rule) for place, rule in ground.of(FrequencyCap) if ground.in_force(rule) and rule.everywhere]
    for place, rule in caps:
        if rule.per is Per.ALL:
            yield from _idle(ground, place, rule, caps)


def _idle(
    ground: LintContext, place: int, rule: FrequencyCap, caps: list[tuple[int, FrequencyCap]]
) -> Iterator[Finding]:
    left = set(ground.concerned(rule))
    parts: list[tuple[int, FrequencyCap]] = []
    narrower = [(other, one) for other, one in caps if other != place and _bounds(ground, one, rule)]
    for other, one in sorted(narrower, key=lambda cap: -len(ground.concerned(cap[1]))):
        if ground.concerned(one) & left:
            parts.append((other, one))
            left -= ground.concerned(one)
    total = sum(one.limit for _, one in parts)
    if len(parts) > 1 and not left and total <= rule.limit:
        named = ", ".join(ground.stands(other) for other, _ in parts)
        message = f"{named} together allow {total} contacts, so this cap of {rule.limit} is never reached first"
        remedy = "lower the limit below that sum, or remove the rule"
        yield ground.warning("cap-never-reached", place, "limit", message, remedy)


def _bounds(ground: LintContext, one: FrequencyCap, rule: FrequencyCap) -> bool:
    """Whether a cap limits a part of what another counts, over at least as long a window."""
    within = bool(ground.concerned(one)) and ground.concerned(one) < ground.concerned(rule)
    return within and one.per is Per.ALL and one.window >= rule.window and one.effect is Restraint.SUPPRESS
