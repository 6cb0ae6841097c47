"""Compile a policy's rules into functions, with conditions checked and everything bound once."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Effect, ObservedMissingFact, ObserveOnly, Verdict
from heed.guardrails.conditions.cel import Condition
from heed.guardrails.conditions.cel_env import depends_on_action, depends_on_customer
from heed.guardrails.policy.policy_model import CandidateRule, ChoiceRule
from heed.guardrails.rule_scope import Scope
from heed.guardrails.rules import (
    audit_sample,
    completeness,
    condition,
    confidence,
    conflict_group,
    consent,
    cool_down,
    eligibility,
    fatigue,
    frequency_cap,
    harm_ceiling,
    human_review,
    identity,
    objection,
    open_case,
    quiet_hours,
    reason_text,
    shared_contact_point,
    stop_flag,
    suppression,
    value_floor,
    volume_limit,
)
from heed.guardrails.rules.audit_sample import AuditSample
from heed.guardrails.rules.completeness import CompletenessRule
from heed.guardrails.rules.condition import ConditionRule
from heed.guardrails.rules.confidence import ConfidenceRule
from heed.guardrails.rules.conflict_group import ConflictGroup
from heed.guardrails.rules.consent import ConsentRule
from heed.guardrails.rules.cool_down import CoolDown
from heed.guardrails.rules.eligibility import EligibilityRule
from heed.guardrails.rules.fatigue import FatigueRule
from heed.guardrails.rules.frequency_cap import FrequencyCap
from heed.guardrails.rules.harm_ceiling import HarmCeiling
from heed.guardrails.rules.human_review import HumanReview
from heed.guardrails.rules.identity import IdentityRule
from heed.guardrails.rules.objection import ObjectionRule
from heed.guardrails.rules.open_case import OpenCase
from heed.guardrails.rules.quiet_hours import QuietHours
from heed.guardrails.rules.rule import Mode, Rule
from heed.guardrails.rules.stop_flag import StopFlag
from heed.guardrails.rules.suppression import SuppressionRule
from heed.guardrails.rules.value_floor import ValueFloor
from heed.guardrails.rules.volume_limit import VolumeLimit

EvaluateCandidate = Callable[[Facts, Action], Verdict]
EvaluateChoice = Callable[[Facts, Choice], Verdict]
# Actions with the same key get the same verdict from the rule, so it is evaluated once for all of them.
SharingKey = Callable[[Action], Hashable]
Conditions = Mapping[str, Condition]
# Whether the verdict on an action depends on the customer or the moment.
DependsOnCustomer = Callable[[Action], bool]


def _on_customers(_: Action) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class CandidateEvaluator:
    """A compiled rule over candidates."""

    rule: Rule
    evaluate: EvaluateCandidate
    sharing_key: SharingKey
    everywhere: bool
    enforced: bool
    depends: DependsOnCustomer = _on_customers

    def verdict(self, facts: Facts, action: Action) -> Verdict | None:
        """The rule's verdict on an action, None where the rule is not in force."""
        try:
            in_force = self.everywhere or self.rule.in_force(facts, action)
            verdict = self.evaluate(facts, action) if in_force else None
        except Exception as error:  # noqa: BLE001  a rule that fails suppresses
            verdict = failure_verdict(self.rule, error)
        if verdict is None or self.rule.valid_until is None:
            return verdict if self.enforced or verdict is None else observe_only(verdict)
        return limit_to_rule_dates(self.rule, verdict) if self.enforced else observe_only(verdict)


@dataclass(frozen=True, slots=True)
class ChoiceEvaluator:
    """A compiled rule over the chosen action."""

    rule: ChoiceRule
    evaluate: EvaluateChoice

    def verdict(self, facts: Facts, choice: Choice) -> Verdict | None:
        """The rule's verdict on the chosen action, None where it is out of scope or not in force."""
        rule = self.rule
        try:
            in_force = rule.scope.concerns(choice.action) and rule.in_force(facts, choice.action)
            verdict = self.evaluate(facts, choice) if in_force else None
        except Exception as error:  # noqa: BLE001  as above
            verdict = failure_verdict(rule, error)
        if verdict is None:
            return None
        return limit_to_rule_dates(rule, verdict) if rule.mode is Mode.ENFORCE else observe_only(verdict)


def failure_verdict(rule: Rule, error: Exception) -> Verdict:
    """The verdict of a rule that raised. The error's own text may hold personal data and is left out."""
    return rule.lacking(f"The rule failed ({type(error).__name__}), and a rule that fails suppresses.")


def limit_to_rule_dates(rule: Rule, verdict: Verdict) -> Verdict:
    """The verdict, ending no later than the rule itself; see `Rule.stands_until`."""
    end = rule.stands_until
    if end is None or verdict.effect is Effect.ALLOW:
        return verdict
    if verdict.eligible_at is not None and verdict.eligible_at <= end:
        return verdict
    return replace(
        verdict, reason=f"{verdict.reason} The rule itself ends on {reason_text.format_moment(end)}.", eligible_at=end
    )


def observe_only(verdict: Verdict) -> Verdict:
    """The verdict of a rule in observe mode: allow, with the verdict it would have given."""
    would = {Effect.ALLOW: "allowed", Effect.REVIEW: "asked for review", Effect.SUPPRESS: "suppressed"}
    reason = f"Observed, not applied; would have {would[verdict.effect]}: {verdict.reason}"
    if verdict.effect is Effect.ALLOW:
        return Verdict(verdict.rule, Effect.ALLOW, reason)
    return (ObservedMissingFact if verdict.lacking else ObserveOnly)(verdict.rule, Effect.ALLOW, reason)


class _Module(Protocol):
    """The interface of a rule module that needs only the rule and the facts."""

    def evaluate(self, rule: Any, facts: Facts, action: Action, /) -> Verdict: ...
    def sharing_key(self, rule: Any, action: Action, /) -> Hashable: ...


class _ChoiceModule(Protocol):
    """The interface of a rule module that needs only the rule, the facts and the chosen action."""

    def evaluate_choice(self, rule: Any, facts: Facts, choice: Choice, /) -> Verdict: ...


_MODULES: Mapping[type[Rule], _Module] = {
    ConsentRule: consent,
    SuppressionRule: suppression,
    ObjectionRule: objection,
    QuietHours: quiet_hours,
    FrequencyCap: frequency_cap,
    CoolDown: cool_down,
    OpenCase: open_case,
    ConflictGroup: conflict_group,
    IdentityRule: identity,
    CompletenessRule: completeness,
    HumanReview: human_review,
    FatigueRule: fatigue,
}
_CHOICE_MODULES: Mapping[type[Rule], _ChoiceModule] = {
    ValueFloor: value_floor,
    HarmCeiling: harm_ceiling,
    AuditSample: audit_sample,
}


def compile_candidate_rule(
    rule: CandidateRule, conditions: Conditions, catalogue: Mapping[str, Action] | None = None
) -> CandidateEvaluator:
    """Compile a rule over candidates.

    Parameters
    ----------
    conditions : mapping of str to Condition
        All checked conditions, by their text.
    catalogue : mapping of str to Action, optional
        The actions by id, for rules that count volumes.
    """
    match rule:
        case EligibilityRule():
            return _eligibility(rule, conditions)
        case ConditionRule():
            checked = conditions[rule.written[1]]
            evaluator = _bound(rule, partial(condition.evaluate, rule, checked), partial(_condition_key, checked))
            return replace(evaluator, depends=lambda _: depends_on_customer(checked))
        case VolumeLimit():
            evaluate = partial(volume_limit.evaluate, rule, catalogue or {})
            return _bound(rule, evaluate, partial(volume_limit.sharing_key, rule))
        case _:
            module = _MODULES[type(rule)]
            return _bound(rule, partial(module.evaluate, rule), partial(module.sharing_key, rule))


def compile_choice_rule(rule: ChoiceRule, weighing: str) -> ChoiceEvaluator:
    """Compile a rule over the chosen action; `weighing` is the digest of how net values are computed."""
    if isinstance(rule, ConfidenceRule):
        return ChoiceEvaluator(rule, partial(confidence.evaluate_choice, rule, weighing))
    return ChoiceEvaluator(rule, partial(_CHOICE_MODULES[type(rule)].evaluate_choice, rule))


def compile_shared_contact_point(rules: Sequence[Rule]) -> tuple[CandidateEvaluator, ...]:
    """The guard's own rule over several consent rules, none where fewer than two require consent."""
    consent_rules = [
        rule for rule in rules if isinstance(rule, ConsentRule) and rule.required and rule.mode is Mode.ENFORCE
    ]
    if len(consent_rules) < 2:
        return ()
    evaluate = partial(shared_contact_point.evaluate, consent_rules)
    return (
        _bound(
            shared_contact_point.SHARED_CONTACT_POINT,
            evaluate,
            partial(shared_contact_point.sharing_key, consent_rules),
        ),
    )


def compile_stop_flag(flag: StopFlag | None) -> tuple[CandidateEvaluator, ...]:
    """The guard's own rule over the policy's stop flag, none where it is not set."""
    if flag is None:
        return ()
    rule = stop_flag.stop_rule(flag)
    return (_bound(rule, partial(stop_flag.evaluate, rule), partial(stop_flag.sharing_key, rule)),)


def _bound(rule: Rule, evaluate: EvaluateCandidate, sharing_key: SharingKey) -> CandidateEvaluator:
    left_out = rule.scope.except_
    if left_out is not None and left_out.jurisdictions is not None:
        # Whether the rule is in force then also depends on the action.
        sharing_key = partial(_key_with_exception, rule.scope, sharing_key)
    return CandidateEvaluator(
        rule, evaluate, sharing_key, everywhere=rule.everywhere, enforced=rule.mode is Mode.ENFORCE
    )


def _key_with_exception(scope: Scope, sharing_key: SharingKey, action: Action) -> Hashable:
    return (scope.spares(action), sharing_key(action))


def _eligibility(rule: EligibilityRule, conditions: Conditions) -> CandidateEvaluator:
    def evaluate(facts: Facts, action: Action) -> Verdict:
        text = action.eligibility
        if text is not None and text not in conditions:
            return rule.lacking("The condition of eligibility was not checked with this catalogue.")
        return eligibility.evaluate(rule, None if text is None else conditions[text], facts, action)

    def depends(action: Action) -> bool:
        return action.eligibility is not None and (
            action.eligibility not in conditions or depends_on_customer(conditions[action.eligibility])
        )

    evaluator = _bound(rule, evaluate, lambda action: _condition_key(conditions.get(action.eligibility or ""), action))
    return replace(evaluator, depends=depends)


def _condition_key(checked: Condition | None, action: Action) -> Hashable:
    if checked is None:
        return None
    return (checked.text, action.action_id if depends_on_action(checked) else None)
