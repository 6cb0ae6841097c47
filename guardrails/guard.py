"""A policy in force: the guard that a decision asks.

How verdicts combine. Every rule whose scope takes in the candidate, and which is in force for this customer at this
moment, gives one verdict, also when it allows. Suppress beats review beats allow, whatever the order of the rules
(see :func:`decisioning.verdict.combined`). A rule that fails, or lacks a fact it needs, suppresses. A rule in observe
mode is recorded as allow. Two things no policy can forget: where no enforced consent rule speaks, or where the
catalogue sets a condition of eligibility and no enforced eligibility rule speaks, the guard itself suppresses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from decisioning.catalogue import Action, Autonomy, Catalogue
from decisioning.customer import Facts
from decisioning.decide import Choice
from decisioning.value import Terms
from decisioning.verdict import Effect, Verdict
from guardrails.checking import checked_conditions
from guardrails.compiling import CandidateJudge, ChoiceJudge, candidate_judge, choice_judge
from guardrails.loading import LoadedPolicy, load_policy
from guardrails.policy import ChoiceRule, Policy
from guardrails.rules.consent import ConsentRule, live_contact_points, points_of
from guardrails.rules.eligibility import EligibilityRule
from guardrails.rules.rule import Mode

Verdicts = tuple[Verdict, ...]
NO_CONSENT_RULE = Verdict("heed-no-consent-rule", Effect.SUPPRESS, "No enforced consent rule speaks for this action.")
NO_ELIGIBILITY_RULE = Verdict(
    "heed-no-eligibility-rule",
    Effect.SUPPRESS,
    "The catalogue sets a condition of eligibility, and no enforced eligibility rule looks at it.",
)
# Marks a rule not yet asked in this decision; None means that it was asked and is not in force.
_UNSAID: Verdict | None = Verdict("", Effect.SUPPRESS, "")


@dataclass(frozen=True, slots=True)
class _Demand:
    """Rules of which one must speak for an action, and what the guard says otherwise."""

    rules: frozenset[str]
    otherwise: Verdict


@dataclass(frozen=True, slots=True)
class _Plan:
    """The rules that concern one action. Steps of the same slot get the same verdict, so it is judged once."""

    action: Action
    steps: tuple[tuple[int, CandidateJudge], ...]
    demands: tuple[_Demand, ...]


@dataclass(frozen=True, slots=True)
class PolicyGuard:
    """A policy bound to a catalogue. Pure: the same facts get the same verdicts, and nothing is remembered.

    Made by :func:`load_guard` and :func:`guard_of`.

    Attributes
    ----------
    policy : Policy
        What was loaded.
    hash : str
        SHA-256 of the policy's content.
    terms : Terms
        How the policy weighs outcomes.
    """

    policy: Policy
    hash: str
    terms: Terms
    judges: tuple[CandidateJudge, ...]
    looks: tuple[ChoiceJudge, ...]
    plans: Mapping[str, _Plan]
    slots: int

    def verdicts(self, facts: Facts, actions: Sequence[Action]) -> tuple[Verdicts, ...]:
        """Every rule's verdict on every action, in the order of the actions and, within, of the policy."""
        said = [_UNSAID] * self.slots
        return tuple([self._on(action, facts, said) for action in actions])

    def second_look(self, facts: Facts, choice: Choice) -> Verdicts:
        """Verdicts of the rules that need the choice."""
        said = (look.verdict(facts, choice) for look in self.looks)
        return tuple(verdict for verdict in said if verdict is not None)

    def autonomy(self, action: Action) -> Autonomy:
        """The more restrained of the policy's ceiling and the catalogue's level."""
        ceiling = self.policy.autonomy.actions.get(action.action_id, self.policy.autonomy.default)
        return min(ceiling, action.autonomy, key=lambda level: level.freedom)

    def contact_point(self, facts: Facts, action: Action) -> str | None:
        """The first contact point, by name, with live consent for the action.

        Where only rules that ask for no consent speak for the action, the first of the channel; None where there is
        no contact point.
        """
        customer = facts.customer
        live = live_contact_points(customer, action.channel, action.purpose, facts.now)
        if live or self._asks_consent(facts, action):
            return next(iter(live), None)
        return next(iter(points_of(customer, action.channel)), None)

    def _asks_consent(self, facts: Facts, action: Action) -> bool:
        rules = [judge.rule for judge in self.judges if isinstance(judge.rule, ConsentRule)]
        speaking = [one for one in rules if one.scope.concerns(action) and one.in_force(facts, action)]
        return any(one.required for one in speaking) or not speaking

    def _on(self, action: Action, facts: Facts, said: list[Verdict | None]) -> Verdicts:
        plan = self.plans.get(action.action_id)
        if plan is not None and (plan.action is action or plan.action == action):
            return _spoken(plan, facts, said)
        slots: dict[object, int] = {}
        stranger = _planned(action, self.judges, slots)
        return _spoken(stranger, facts, [_UNSAID] * len(slots))


def load_guard(path: Path, catalogue: Catalogue, attribute_types: Mapping[str, str] | None = None) -> PolicyGuard:
    """Read a policy file and bind it to a catalogue.

    Parameters
    ----------
    path : Path
        The policy file.
    catalogue : Catalogue
        Whose actions the policy judges.
    attribute_types : mapping of str to str, optional
        Types of customer attributes for conditions: ``number``, ``boolean``, ``text`` or a type of CEL.

    Raises
    ------
    PolicyError
        If the file cannot be read.
    InvalidPolicy
        If it is no policy or does not fit the catalogue; all faults are named.
    """
    return guard_of(load_policy(path), catalogue, attribute_types)


def guard_of(
    loaded: LoadedPolicy, catalogue: Catalogue, attribute_types: Mapping[str, str] | None = None
) -> PolicyGuard:
    """Bind a policy that was read to a catalogue; see :func:`load_guard`."""
    policy = loaded.policy
    conditions = checked_conditions(loaded, catalogue, attribute_types or {})
    judges = tuple(candidate_judge(rule, conditions) for rule in policy.rules if not isinstance(rule, ChoiceRule))
    looks = tuple(choice_judge(rule) for rule in policy.rules if isinstance(rule, ChoiceRule))
    terms = Terms(dict(policy.terms.levers), policy.terms.harm_cost, policy.terms.tolerance)
    slots: dict[object, int] = {}
    plans = {action.action_id: _planned(action, judges, slots) for action in catalogue.actions}
    return PolicyGuard(policy, policy.hash, terms, judges, looks, plans, len(slots))


def _planned(action: Action, judges: Sequence[CandidateJudge], slots: dict[object, int]) -> _Plan:
    """The plan of one action; `slots` numbers what is judged once, and grows."""
    concerned = [(place, judge) for place, judge in enumerate(judges) if judge.rule.scope.concerns(action)]
    steps = tuple((slots.setdefault((place, judge.share(action)), len(slots)), judge) for place, judge in concerned)
    return _Plan(action, steps, _demands(action, steps))


def _demands(action: Action, steps: Sequence[tuple[int, CandidateJudge]]) -> tuple[_Demand, ...]:
    """What must be looked at for this action and is not certain to be."""
    enforced = [judge.rule for _, judge in steps if judge.rule.mode is Mode.ENFORCE]
    kinds: list[tuple[type, Verdict]] = [(ConsentRule, NO_CONSENT_RULE)]
    if action.eligibility is not None:
        kinds.append((EligibilityRule, NO_ELIGIBILITY_RULE))
    demands = []
    for kind, otherwise in kinds:
        rules = [rule for rule in enforced if isinstance(rule, kind)]
        if not any(rule.everywhere for rule in rules):
            demands.append(_Demand(frozenset(rule.id for rule in rules), otherwise))
    return tuple(demands)


def _spoken(plan: _Plan, facts: Facts, said: list[Verdict | None]) -> Verdicts:
    """All verdicts on one action; `said` holds by slot what was judged for other actions of the same decision."""
    verdicts = []
    for slot, judge in plan.steps:
        verdict = said[slot]
        if verdict is _UNSAID:
            verdict = said[slot] = judge.verdict(facts, plan.action)
        if verdict is not None:
            verdicts.append(verdict)
    if plan.demands:
        heard = {verdict.rule for verdict in verdicts}
        verdicts.extend(demand.otherwise for demand in plan.demands if demand.rules.isdisjoint(heard))
    return tuple(verdicts)
