"""From a policy's rules to functions that judge, with conditions checked and everything bound once."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from decisioning.catalogue import Action
from decisioning.customer import Facts
from decisioning.decide import Choice
from decisioning.verdict import Effect, LackingTried, Tried, Verdict
from guardrails.cel import Condition
from guardrails.policy import CandidateRule, ChoiceRule
from guardrails.rules import (
    audit_sample,
    common_point,
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
    stop,
    suppression,
    value_floor,
    volume_limit,
    words,
)
from guardrails.rules.audit_sample import AuditSample
from guardrails.rules.completeness import CompletenessRule
from guardrails.rules.condition import ConditionRule
from guardrails.rules.confidence import ConfidenceRule
from guardrails.rules.conflict_group import ConflictGroup
from guardrails.rules.consent import ConsentRule
from guardrails.rules.cool_down import CoolDown
from guardrails.rules.eligibility import EligibilityRule
from guardrails.rules.fatigue import FatigueRule
from guardrails.rules.frequency_cap import FrequencyCap
from guardrails.rules.harm_ceiling import HarmCeiling
from guardrails.rules.human_review import HumanReview
from guardrails.rules.identity import IdentityRule
from guardrails.rules.objection import ObjectionRule
from guardrails.rules.open_case import OpenCase
from guardrails.rules.quiet_hours import QuietHours
from guardrails.rules.rule import Mode, Rule
from guardrails.rules.stop import StopFlag
from guardrails.rules.suppression import SuppressionRule
from guardrails.rules.value_floor import ValueFloor
from guardrails.rules.volume_limit import VolumeLimit
from guardrails.scope import Scope
from guardrails.variables import depends_on_action, depends_on_customer

Judge = Callable[[Facts, Action], Verdict]
Look = Callable[[Facts, Choice], Verdict]
# Actions for which this gives the same get the same verdict from the rule, so one judgement serves them all.
Share = Callable[[Action], Hashable]
Conditions = Mapping[str, Condition]
# Whether the verdict on an action depends on anything but the action.
Depends = Callable[[Action], bool]


def _on_customers(_: Action) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class CandidateJudge:
    """A rule that judges candidates, ready to be asked."""

    rule: Rule
    judge: Judge
    share: Share
    everywhere: bool
    enforced: bool
    depends: Depends = _on_customers

    def verdict(self, facts: Facts, action: Action) -> Verdict | None:
        """The rule's word on an action, None where the rule is not in force."""
        try:
            speaks = self.everywhere or self.rule.in_force(facts, action)
            verdict = self.judge(facts, action) if speaks else None
        except Exception as error:  # noqa: BLE001  whatever goes wrong in a rule, the customer is left in peace
            verdict = failed(self.rule, error)
        if verdict is None or self.rule.valid_until is None:
            return verdict if self.enforced or verdict is None else observed(verdict)
        return ended(self.rule, verdict) if self.enforced else observed(verdict)


@dataclass(frozen=True, slots=True)
class ChoiceJudge:
    """A rule that takes the second look, ready to be asked."""

    rule: ChoiceRule
    look: Look

    def verdict(self, facts: Facts, choice: Choice) -> Verdict | None:
        """The rule's word on the chosen action, None where the rule does not concern it or is not in force."""
        rule = self.rule
        try:
            speaks = rule.scope.concerns(choice.action) and rule.in_force(facts, choice.action)
            verdict = self.look(facts, choice) if speaks else None
        except Exception as error:  # noqa: BLE001  as above
            verdict = failed(rule, error)
        if verdict is None:
            return None
        return ended(rule, verdict) if rule.mode is Mode.ENFORCE else observed(verdict)


def failed(rule: Rule, error: Exception) -> Verdict:
    """What a rule that raises says. The error's own text may name personal data and is not repeated."""
    return rule.lacking(f"The rule failed ({type(error).__name__}), and a rule that fails suppresses.")


def ended(rule: Rule, verdict: Verdict) -> Verdict:
    """The verdict with the end of the rule's own dates, where that comes before its end; see `Rule.stands_until`."""
    end = rule.stands_until
    if end is None or verdict.effect is Effect.ALLOW:
        return verdict
    if verdict.eligible_at is not None and verdict.eligible_at <= end:
        return verdict
    return replace(verdict, reason=f"{verdict.reason} The rule itself ends on {words.moment(end)}.", eligible_at=end)


def observed(verdict: Verdict) -> Verdict:
    """The verdict of a rule that is only tried: allow, with what it would have said."""
    would = {Effect.ALLOW: "allowed", Effect.REVIEW: "asked for review", Effect.SUPPRESS: "suppressed"}
    reason = f"Observed, not applied; would have {would[verdict.effect]}: {verdict.reason}"
    if verdict.effect is Effect.ALLOW:
        return Verdict(verdict.rule, Effect.ALLOW, reason)
    return (LackingTried if verdict.lacking else Tried)(verdict.rule, Effect.ALLOW, reason)


class _Module(Protocol):
    """What a module of a rule kind has, where its judgements need nothing but the rule and the facts."""

    def judge(self, rule: Any, facts: Facts, action: Action, /) -> Verdict: ...
    def share(self, rule: Any, action: Action, /) -> Hashable: ...


class _LookModule(Protocol):
    """What a module of a kind for the second look has, where it needs nothing but the rule, facts and choice."""

    def look(self, rule: Any, facts: Facts, choice: Choice, /) -> Verdict: ...


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
_LOOK_MODULES: Mapping[type[Rule], _LookModule] = {
    ValueFloor: value_floor,
    HarmCeiling: harm_ceiling,
    AuditSample: audit_sample,
}


def candidate_judge(
    rule: CandidateRule, conditions: Conditions, catalogue: Mapping[str, Action] | None = None
) -> CandidateJudge:
    """Bind a rule to its judging function.

    Parameters
    ----------
    conditions : mapping of str to Condition
        All checked conditions, by their text.
    catalogue : mapping of str to Action, optional
        The actions that volumes are counted by, by their id.
    """
    match rule:
        case EligibilityRule():
            return _eligibility(rule, conditions)
        case ConditionRule():
            written = conditions[rule.written[1]]
            made = _bound(rule, partial(condition.judge, rule, written), partial(_shared, written))
            return replace(made, depends=lambda _: depends_on_customer(written))
        case VolumeLimit():
            judge = partial(volume_limit.judge, rule, catalogue or {})
            return _bound(rule, judge, partial(volume_limit.share, rule))
        case _:
            module = _MODULES[type(rule)]
            return _bound(rule, partial(module.judge, rule), partial(module.share, rule))


def choice_judge(rule: ChoiceRule, weighing: str) -> ChoiceJudge:
    """Bind a rule of the second look to its judging function; `weighing` is the digest of how net values are made."""
    if isinstance(rule, ConfidenceRule):
        return ChoiceJudge(rule, partial(confidence.look, rule, weighing))
    return ChoiceJudge(rule, partial(_LOOK_MODULES[type(rule)].look, rule))


def common_judge(rules: Sequence[Rule]) -> tuple[CandidateJudge, ...]:
    """The guard's own judge over several rules of consent, none where fewer than two ask."""
    asking = [one for one in rules if isinstance(one, ConsentRule) and one.required and one.mode is Mode.ENFORCE]
    if len(asking) < 2:
        return ()
    judge = partial(common_point.judge, asking)
    return (_bound(common_point.COMMON_POINT, judge, partial(common_point.share, asking)),)


def stop_judge(flag: StopFlag | None) -> tuple[CandidateJudge, ...]:
    """The guard's own judge over the policy's flag to stop, none where it is not given."""
    if flag is None:
        return ()
    rule = stop.stop_rule(flag)
    return (_bound(rule, partial(stop.judge, rule), partial(stop.share, rule)),)


def _bound(rule: Rule, judge: Judge, share: Share) -> CandidateJudge:
    left_out = rule.scope.except_
    if left_out is not None and left_out.jurisdictions is not None:
        # Whether the rule is in force then depends on the action as well.
        share = partial(_apart, rule.scope, share)
    return CandidateJudge(rule, judge, share, everywhere=rule.everywhere, enforced=rule.mode is Mode.ENFORCE)


def _apart(scope: Scope, share: Share, action: Action) -> Hashable:
    return (scope.spares(action), share(action))


def _eligibility(rule: EligibilityRule, conditions: Conditions) -> CandidateJudge:
    def judge(facts: Facts, action: Action) -> Verdict:
        text = action.eligibility
        if text is not None and text not in conditions:
            return rule.lacking("The condition of eligibility was not checked with this catalogue.")
        return eligibility.judge(rule, None if text is None else conditions[text], facts, action)

    def depends(action: Action) -> bool:
        return action.eligibility is not None and (
            action.eligibility not in conditions or depends_on_customer(conditions[action.eligibility])
        )

    made = _bound(rule, judge, lambda action: _shared(conditions.get(action.eligibility or ""), action))
    return replace(made, depends=depends)


def _shared(written: Condition | None, action: Action) -> Hashable:
    if written is None:
        return None
    return (written.text, action.action_id if depends_on_action(written) else None)
