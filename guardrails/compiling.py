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
Look = Callable[[Choice], Verdict]
# Actions for which this gives the same get the same verdict from the rule, so one judgement serves them all.
Share = Callable[[Action], Hashable]
Conditions = Mapping[str, Condition]


@dataclass(frozen=True, slots=True)
class CandidateJudge:
    """A rule that judges candidates, ready to be asked."""

    rule: CandidateRule
    judge: Judge
    share: Share

    def verdict(self, facts: Facts, action: Action) -> Verdict | None:
        """The rule's word on an action, None where the rule is not in force."""
        return spoken(self.rule, facts, action, lambda: self.judge(facts, action))


@dataclass(frozen=True, slots=True)
class ChoiceJudge:
    """A rule that takes the second look, ready to be asked."""

    rule: ChoiceRule
    look: Look

    def verdict(self, facts: Facts, choice: Choice) -> Verdict | None:
        """The rule's word on the chosen action, None where the rule does not concern it or is not in force."""
        if not self.rule.scope.concerns(choice.action):
            return None
        return spoken(self.rule, facts, choice.action, lambda: self.look(choice))


def spoken(rule: Rule, facts: Facts, action: Action, judge: Callable[[], Verdict]) -> Verdict | None:
    """Ask a rule, and let nothing it does open the way: a rule that raises suppresses, an observed one allows."""
    try:
        if not rule.in_force(facts, action):
            return None
        verdict = judge()
    except Exception as error:  # noqa: BLE001  whatever goes wrong in a rule, the customer is left in peace
        verdict = rule.suppress(f"The rule failed ({type(error).__name__}), and a rule that fails suppresses.")
    return verdict if rule.mode is Mode.ENFORCE else observed(verdict)


def observed(verdict: Verdict) -> Verdict:
    """The verdict of a rule that is only tried: allow, with what it would have said."""
    would = {Effect.ALLOW: "allowed", Effect.REVIEW: "asked for review", Effect.SUPPRESS: "suppressed"}
    reason = f"Observed, not applied; would have {would[verdict.effect]}: {verdict.reason}"
    return Verdict(verdict.rule, Effect.ALLOW, reason)


def candidate_judge(rule: CandidateRule, conditions: Conditions) -> CandidateJudge:
    """Bind a rule to its judging function; `conditions` are all checked conditions by their text."""
    match rule:
        case ConsentRule():
            return CandidateJudge(rule, partial(consent.judge, rule), partial(consent.share, rule))
        case SuppressionRule():
            return CandidateJudge(rule, partial(suppression.judge, rule), partial(suppression.share, rule))
        case QuietHours():
            return CandidateJudge(rule, partial(quiet_hours.judge, rule), partial(quiet_hours.share, rule))
        case FrequencyCap():
            return CandidateJudge(rule, partial(frequency_cap.judge, rule), partial(frequency_cap.share, rule))
        case EligibilityRule():
            return _eligibility(rule, conditions)
        case ConditionRule():
            written = conditions[rule.written[1]]
            return CandidateJudge(rule, partial(condition.judge, rule, written), partial(_shared, written))


def choice_judge(rule: ChoiceRule) -> ChoiceJudge:
    """Bind a rule of the second look to its judging function."""
    match rule:
        case ConfidenceRule():
            return ChoiceJudge(rule, partial(confidence.look, rule))
        case ValueFloor():
            return ChoiceJudge(rule, partial(floor.look, rule))


def _eligibility(rule: EligibilityRule, conditions: Conditions) -> CandidateJudge:
    def own(action: Action) -> Condition | None:
        return None if action.eligibility is None else conditions[action.eligibility]

    def judge(facts: Facts, action: Action) -> Verdict:
        return eligibility.judge(rule, own(action), facts, action)

    return CandidateJudge(rule, judge, lambda action: _shared(own(action), action))


def _shared(written: Condition | None, action: Action) -> Hashable:
    if written is None:
        return None
    return (written.text, action.action_id if depends_on_action(written) else None)
