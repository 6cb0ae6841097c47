"""From a policy's rules to functions that judge, with conditions checked and everything bound once."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial

from decisioning.catalogue import Action
from decisioning.customer import Facts
from decisioning.decide import Choice
from decisioning.verdict import Effect, Verdict
from guardrails.cel import Condition
from guardrails.policy import CandidateRule, ChoiceRule
from guardrails.rules import condition, confidence, consent, eligibility, frequency_cap, quiet_hours, suppression
from guardrails.rules import value_floor as floor
from guardrails.rules.condition import ConditionRule
from guardrails.rules.confidence import ConfidenceRule
from guardrails.rules.consent import ConsentRule
from guardrails.rules.eligibility import EligibilityRule
from guardrails.rules.frequency_cap import FrequencyCap
from guardrails.rules.quiet_hours import QuietHours
from guardrails.rules.rule import Mode, Rule
from guardrails.rules.suppression import SuppressionRule
from guardrails.rules.value_floor import ValueFloor
from guardrails.variables import depends_on_action

Judge = Callable[[Facts, Action], Verdict]
Look = Callable[[Facts, Choice], Verdict]
# Actions for which this gives the same get the same verdict from the rule, so one judgement serves them all.
Share = Callable[[Action], Hashable]
Conditions = Mapping[str, Condition]


@dataclass(frozen=True, slots=True)
class CandidateJudge:
    """A rule that judges candidates, ready to be asked."""

    rule: CandidateRule
    judge: Judge
    share: Share
    everywhere: bool
    enforced: bool

    def verdict(self, facts: Facts, action: Action) -> Verdict | None:
        """The rule's word on an action, None where the rule is not in force."""
        try:
            speaks = self.everywhere or self.rule.in_force(facts, action)
            verdict = self.judge(facts, action) if speaks else None
        except Exception as error:  # noqa: BLE001  whatever goes wrong in a rule, the customer is left in peace
            verdict = failed(self.rule, error)
        return verdict if self.enforced or verdict is None else observed(verdict)


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
        return verdict if verdict is None or rule.mode is Mode.ENFORCE else observed(verdict)


def failed(rule: Rule, error: Exception) -> Verdict:
    """What a rule that raises says. The error's own text may name personal data and is not repeated."""
    return rule.suppress(f"The rule failed ({type(error).__name__}), and a rule that fails suppresses.")


def observed(verdict: Verdict) -> Verdict:
    """The verdict of a rule that is only tried: allow, with what it would have said."""
    would = {Effect.ALLOW: "allowed", Effect.REVIEW: "asked for review", Effect.SUPPRESS: "suppressed"}
    reason = f"Observed, not applied; would have {would[verdict.effect]}: {verdict.reason}"
    return Verdict(verdict.rule, Effect.ALLOW, reason)


def candidate_judge(rule: CandidateRule, conditions: Conditions) -> CandidateJudge:
    """Bind a rule to its judging function; `conditions` are all checked conditions by their text."""
    match rule:
        case ConsentRule():
            return _bound(rule, partial(consent.judge, rule), partial(consent.share, rule))
        case SuppressionRule():
            return _bound(rule, partial(suppression.judge, rule), partial(suppression.share, rule))
        case QuietHours():
            return _bound(rule, partial(quiet_hours.judge, rule), partial(quiet_hours.share, rule))
        case FrequencyCap():
            return _bound(rule, partial(frequency_cap.judge, rule), partial(frequency_cap.share, rule))
        case EligibilityRule():
            return _eligibility(rule, conditions)
        case ConditionRule():
            written = conditions[rule.written[1]]
            return _bound(rule, partial(condition.judge, rule, written), partial(_shared, written))


def choice_judge(rule: ChoiceRule, weighing: str) -> ChoiceJudge:
    """Bind a rule of the second look to its judging function; `weighing` is the digest of how net values are made."""
    match rule:
        case ConfidenceRule():
            return ChoiceJudge(rule, partial(confidence.look, rule, weighing))
        case ValueFloor():
            return ChoiceJudge(rule, partial(floor.look, rule))


def _bound(rule: CandidateRule, judge: Judge, share: Share) -> CandidateJudge:
    return CandidateJudge(rule, judge, share, everywhere=rule.everywhere, enforced=rule.mode is Mode.ENFORCE)


def _eligibility(rule: EligibilityRule, conditions: Conditions) -> CandidateJudge:
    def judge(facts: Facts, action: Action) -> Verdict:
        text = action.eligibility
        if text is not None and text not in conditions:
            return rule.suppress("The condition of eligibility was not checked with this catalogue.")
        return eligibility.judge(rule, None if text is None else conditions[text], facts, action)

    return _bound(rule, judge, lambda action: _shared(conditions.get(action.eligibility or ""), action))


def _shared(written: Condition | None, action: Action) -> Hashable:
    if written is None:
        return None
    return (written.text, action.action_id if depends_on_action(written) else None)
