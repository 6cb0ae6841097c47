"""Find rules that another rule makes redundant: it objects to the same and for as long."""

from collections.abc import Iterator

from heed.guardrails.jurisdictions import Membership, membership
from heed.guardrails.lint.finding import Finding
from heed.guardrails.lint.lint_context import LintContext
from heed.guardrails.rules.condition import ConditionRule
from heed.guardrails.rules.confidence import ConfidenceRule
from heed.guardrails.rules.frequency_cap import FrequencyCap, Per
from heed.guardrails.rules.quiet_hours import QuietHours
from heed.guardrails.rules.rule import Restraint, Rule
from heed.guardrails.rules.schedule import Week, union
from heed.guardrails.rules.value_floor import ValueFloor

_OWN = {"id", "purpose", "owner", "citation", "scope", "valid_from", "valid_until", "mode", "effect"}


def check_redundant_rules(context: LintContext) -> Iterator[Finding]:
    """Rules that are fully covered by another; of two that cover each other, the later one."""
    for place, rule in enumerate(context.rules):
        for other, wider in enumerate(context.rules):
            covered = place != other and context.in_force(wider) and _covers(context, wider, rule)
            if covered and not (place < other and _covers(context, rule, wider)):
                yield _finding(context, place, other)
                break


def _finding(context: LintContext, place: int, other: int) -> Finding:
    rule, by = context.rules[place], context.stands(other)
    remedy = f"remove one of the two, or change the scope so that they differ from {by}"
    if isinstance(rule, ConditionRule):
        message = f"the condition is already in {by}, for everything in this rule's scope"
        return context.warning("duplicate-condition", place, rule.written[0], message, remedy)
    if isinstance(rule, FrequencyCap):
        message = f"{by} allows no more contacts in no less time, so this cap is never reached"
        return context.warning("cap-never-reached", place, "limit", message, "lower the limit, or remove the rule")
    message = f"{by} covers everything in this rule, so it never decides anything"
    return context.warning("shadowed", place, None, message, remedy)


def _covers(context: LintContext, wider: Rule, rule: Rule) -> bool:
    """Whether the wider rule also objects, at least as strongly, to everything that the rule objects to."""
    if type(wider) is not type(rule) or getattr(rule, "permits", False) or wider.permits:
        return False
    return _at_least(wider, rule) and _everywhere(context, wider, rule) and _says(wider, rule)


def _everywhere(context: LintContext, wider: Rule, rule: Rule) -> bool:
    """Whether the wider rule, which is in force, applies from now on wherever and whenever the rule does."""
    left_out = wider.scope.except_
    if left_out is not None and left_out.jurisdictions is not None and left_out != rule.scope.except_:
        return False
    ends = wider.valid_until is None or (rule.valid_until is not None and rule.valid_until <= wider.valid_until)
    concerned = context.concerned(rule)
    return ends and _lands(wider, rule) and bool(concerned) and concerned <= context.concerned(wider)


def _lands(wider: Rule, rule: Rule) -> bool:
    named, own = wider.scope.jurisdictions, rule.scope.jurisdictions
    if named is None:
        return True
    return own is not None and all(membership(code, named) is Membership.SURELY for code in own)


def _at_least(wider: Rule, rule: Rule) -> bool:
    """Whether the wider rule's effect is at least as strong."""
    strong = getattr(wider, "effect", Restraint.SUPPRESS)
    return strong is Restraint.SUPPRESS or getattr(rule, "effect", Restraint.SUPPRESS) is Restraint.REVIEW


def _says(wider: Rule, rule: Rule) -> bool:
    """Whether the wider rule's own fields object to everything that the rule's fields object to."""
    if isinstance(rule, FrequencyCap) and isinstance(wider, FrequencyCap):
        together = wider.per is rule.per or wider.per is Per.ALL
        return together and wider.limit <= rule.limit and wider.window >= rule.window
    if isinstance(rule, QuietHours) and isinstance(wider, QuietHours):
        return _quieter(wider, rule)
    if isinstance(rule, ConfidenceRule) and isinstance(wider, ConfidenceRule) and rule.certificate is None:
        return wider.act_at_least >= rule.act_at_least
    if isinstance(rule, ValueFloor) and isinstance(wider, ValueFloor):
        return wider.net_value_at_least >= rule.net_value_at_least
    return wider.model_dump(exclude=_OWN) == rule.model_dump(exclude=_OWN)


def _quieter(wider: QuietHours, rule: QuietHours) -> bool:
    zones = wider.unknown_zone is None or set(rule.unknown_zone or ("anywhere",)) <= set(wider.unknown_zone)
    days = rule.holidays is False or wider.holidays == rule.holidays
    return zones and days and _within(rule.week, wider.week)


def _within(inner: Week, outer: Week) -> bool:
    return union(inner, outer) == outer
