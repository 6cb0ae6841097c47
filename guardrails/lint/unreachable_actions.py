"""Find scopes without actions, and actions that no customer could ever receive."""

from collections.abc import Iterator

from heed.decisioning.catalogue import Action
from heed.guardrails.lint.finding import Finding, Severity
from heed.guardrails.lint.lint_context import LintContext
from heed.guardrails.rules.consent import ConsentRule
from heed.guardrails.rules.eligibility import EligibilityRule
from heed.guardrails.rules.frequency_cap import FrequencyCap
from heed.guardrails.rules.rule import Mode, Restraint


def check_empty_scopes(context: LintContext) -> Iterator[Finding]:
    """Rules whose scope no single action satisfies."""
    for place, rule in enumerate(context.rules):
        if not context.concerned(rule) and context.offers:
            message = "no action of the catalogue matches the whole scope, so the rule never applies"
            remedy = "remove a name from the scope, or split the rule in two"
            yield context.warning("scope-names-nothing", place, "scope", message, remedy)


def check_unreachable_actions(context: LintContext) -> Iterator[Finding]:
    """Actions that are suppressed for every customer."""
    for action in context.catalogue.actions:
        yield from _without_consent_rule(context, action)
        yield from _without_eligibility_rule(context, action)
        yield from _capped_at_nothing(context, action)


def _without_consent_rule(context: LintContext, action: Action) -> Iterator[Finding]:
    about = [(place, rule) for place, rule in context.of(ConsentRule) if rule.scope.concerns(action)]
    if any(context.in_force(rule) for _, rule in about):
        return
    tried = next((place for place, rule in about if rule.mode is Mode.OBSERVE), None)
    if tried is not None:
        message = f"consent for `{action.action_id}` is only observed, so no customer can ever receive it"
        yield context.error("consent-only-observed", tried, "mode", message, "write `mode: enforce`")
        return
    message = f"no rule of kind `consent` is in force for `{action.action_id}`, so no customer can ever receive it"
    yield _of_action(action, message, "add a consent rule, or widen the scope of the one there is")


def _without_eligibility_rule(context: LintContext, action: Action) -> Iterator[Finding]:
    if action.eligibility is None:
        return
    rules = [rule for _, rule in context.of(EligibilityRule) if rule.scope.concerns(action) and context.in_force(rule)]
    if not rules:
        message = (
            f"`{action.action_id}` has a condition of eligibility and no rule checks it, so no customer can receive it"
        )
        yield _of_action(action, message, "add a rule of kind `eligibility`")


def _capped_at_nothing(context: LintContext, action: Action) -> Iterator[Finding]:
    for place, rule in context.of(FrequencyCap):
        closes = rule.limit == 0 and rule.effect is Restraint.SUPPRESS and rule.everywhere and context.in_force(rule)
        if closes and rule.scope.concerns(action):
            message = f"the cap allows no contact at all, so no customer can ever receive `{action.action_id}`"
            yield context.error(
                "action-never-allowed", place, "limit", message, "raise the limit, or retire the action"
            )


def _of_action(action: Action, message: str, remedy: str) -> Finding:
    return Finding(Severity.ERROR, "action-never-allowed", message, remedy, field=f"actions.{action.action_id}")
