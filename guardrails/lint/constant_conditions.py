"""Find conditions that always or never hold."""

from collections.abc import Iterator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import EPOCH, Customer, Facts
from heed.guardrails.conditions.cel import Condition, coerce
from heed.guardrails.conditions.cel_env import variable_value
from heed.guardrails.lint.condition_samples import possible_outcomes
from heed.guardrails.lint.finding import Finding, Severity
from heed.guardrails.lint.lint_context import LintContext
from heed.guardrails.rules.condition import ConditionRule
from heed.guardrails.vectorized.syntax_tree import Untranslatable, substitute, syntax_tree

Outcomes = frozenset[bool | None]
_ALWAYS, _NEVER = frozenset({True}), frozenset({False})


def check_constant_conditions(context: LintContext) -> Iterator[Finding]:
    """Conditions of rules and of the catalogue with a constant result."""
    for place, rule in context.of(ConditionRule):
        yield from _of_rule(context, place, rule)
    for action in context.catalogue.actions:
        if action.eligibility is not None and _found(context.conditions[action.eligibility], action) == _NEVER:
            message = f"`{action.eligibility}` never holds, so no customer can ever receive `{action.action_id}`"
            field = f"actions.{action.action_id}.eligibility"
            yield Finding(Severity.ERROR, "condition-never-holds", message, "correct the catalogue", field=field)


def _of_rule(context: LintContext, place: int, rule: ConditionRule) -> Iterator[Finding]:
    field, text = rule.written
    results = _found(context.conditions[text])
    if results not in (_ALWAYS, _NEVER):
        return
    always = results == _ALWAYS
    how = "always holds" if always else "never holds"
    if always is (field == "allow_when"):
        message = f"the condition {how}, so the rule never objects where the values are known"
        yield context.warning(
            f"condition-{how.replace(' ', '-')}", place, field, message, "remove the rule, or correct it"
        )
        return
    effect = "goes to review" if field == "review_when" else "is suppressed"
    message = f"the condition {how}, so everything in scope {effect}"
    remedy = "correct the condition, or use a cap of 0 instead"
    yield context.error(f"condition-{how.replace(' ', '-')}", place, field, message, remedy)


def _found(condition: Condition, action: Action | None = None) -> Outcomes | None:
    """All possible results of a condition, for one action or any; None where they cannot be determined."""
    own = {name: kind for name, kind in condition.variables.items() if action and name.startswith("action.")}
    nobody = Facts(Customer(""), EPOCH)
    known = {
        name: coerce(variable_value(name, nobody, action), kind) for name, kind in own.items() if action is not None
    }
    try:
        return possible_outcomes(substitute(syntax_tree(condition), known))
    except Untranslatable:
        return None
