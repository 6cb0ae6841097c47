"""A policy in force: the guard that a decision asks.

How verdicts combine. Every rule whose scope takes in the candidate, and which is in force for this customer at this
moment, gives one verdict, also when it allows. Suppress beats review beats allow, whatever the order of the rules
(see :func:`decisioning.verdict.combined`). A rule that fails, or lacks a fact it needs, suppresses. A rule in observe
mode is recorded as allow. Three things no policy can forget: where no enforced consent rule speaks, where the catalogue
sets a condition of eligibility and no enforced eligibility rule speaks, or where several consent rules are content with
different contact points, the guard itself suppresses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from decisioning.catalogue import Action, Autonomy, Catalogue
from decisioning.customer import EPOCH, Customer, Facts
from decisioning.decide import Choice
from decisioning.value import Terms
from decisioning.verdict import Effect, Verdict
from decisioning.weighing import weighing
from guardrails.checking import checked_conditions
from guardrails.compiling import CandidateJudge, ChoiceJudge, candidate_judge, choice_judge, common_judge, stop_judge
from guardrails.loading import LoadedPolicy, load_policy
from guardrails.policy import ChoiceRule, Policy
from guardrails.rules.common_point import common_points
from guardrails.rules.consent import ConsentRule, live_contact_points
from guardrails.rules.eligibility import EligibilityRule
from guardrails.rules.rule import Mode, Rule

Verdicts = tuple[Verdict, ...]
NO_CONSENT_RULE = Verdict("heed-no-consent-rule", Effect.SUPPRESS, "No enforced consent rule speaks for this action.")
NO_ELIGIBILITY_RULE = Verdict(
    "heed-no-eligibility-rule",
    Effect.SUPPRESS,
    "The catalogue sets a condition of eligibility, and no enforced eligibility rule looks at it.",
)


@dataclass(frozen=True, slots=True)
class Demand:
    """Rules of which one must speak for an action, and what the guard says otherwise."""

    rules: frozenset[str]
    otherwise: Verdict


@dataclass(frozen=True, slots=True)
class Slot:
    """One judgement of a decision, made on one action for all that share it.

    Attributes
    ----------
    always : Verdict or None
        What it comes to for every customer and at all times, where that is known at load.
    """

    judge: CandidateJudge
    action: Action
    always: Verdict | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The judgements that make up the verdicts on one action, by their place among the slots.

    Attributes
    ----------
    plain : bool
        Whether no rule can be silent and nothing is demanded: all rules are in force at all times and everywhere.
    """

    action: Action
    slots: tuple[int, ...]
    plain: bool
    demands: tuple[Demand, ...]


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
    slots: tuple[Slot, ...]
    plans: Mapping[str, Plan]

    def verdicts(self, facts: Facts, actions: Sequence[Action]) -> tuple[Verdicts, ...]:
        """Every rule's verdict on every action, in the order of the actions and, within, of the policy."""
        plans = [plan for action in actions if (plan := self._plan(action)) is not None]
        if len(plans) < len(actions):
            return self._with_strangers(facts, actions)
        return _heard(facts, self.slots, plans)

    def second_look(self, facts: Facts, choice: Choice) -> Verdicts:
        """Verdicts of the rules that need the choice."""
        said = (look.verdict(facts, choice) for look in self.looks)
        return tuple(verdict for verdict in said if verdict is not None)

    def autonomy(self, action: Action) -> Autonomy:
        """The more restrained of the policy's ceiling and the catalogue's level."""
        ceiling = self.policy.autonomy.actions.get(action.action_id, self.policy.autonomy.default)
        return min(ceiling, action.autonomy, key=lambda level: level.freedom)

    def contact_point(self, facts: Facts, action: Action) -> str | None:
        """The first contact point, by name, with which all rules of consent that speak for the action are content.

        One with live consent comes first where the rules ask for none; None where there is no such contact point.
        """
        live = live_contact_points(facts.customer, action.channel, action.purpose, facts.now, action.topic)
        common = common_points(self._consent_rules, facts, action)
        return next((point for point in live if point in common), next(iter(common), None))

    @property
    def _consent_rules(self) -> list[ConsentRule]:
        rules = [judge.rule for judge in self.judges if judge.enforced]
        return [rule for rule in rules if isinstance(rule, ConsentRule)]

    def _plan(self, action: Action) -> Plan | None:
        """The plan made at load, None for an action that is not the catalogue's."""
        plan = self.plans.get(action.action_id)
        return plan if plan is not None and (plan.action is action or plan.action == action) else None

    def _with_strangers(self, facts: Facts, actions: Sequence[Action]) -> tuple[Verdicts, ...]:
        """Verdicts where not all actions are the catalogue's: each is judged on its own."""
        apart = [_planned([action], self.judges) for action in actions]
        return tuple(verdicts for slots, plans in apart for verdicts in _heard(facts, slots, plans))


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
    own = catalogue.by_id
    # The flag to stop leads, since of verdicts that are equally strong and last equally long the first binds.
    judges = stop_judge(policy.stop)
    judges += tuple(candidate_judge(rule, conditions, own) for rule in policy.rules if not isinstance(rule, ChoiceRule))
    judges += common_judge(policy.rules)
    terms = Terms(dict(policy.terms.levers), policy.terms.harm_cost, policy.terms.tolerance)
    made = weighing(terms, catalogue.actions)
    looks = tuple(choice_judge(rule, made) for rule in policy.rules if isinstance(rule, ChoiceRule))
    slots, plans = _planned(catalogue.actions, judges)
    return PolicyGuard(
        policy, policy.hash, terms, judges, looks, slots, {plan.action.action_id: plan for plan in plans}
    )


def _planned(actions: Sequence[Action], judges: Sequence[CandidateJudge]) -> tuple[tuple[Slot, ...], list[Plan]]:
    """Plans for actions that are judged together, with the slots that the plans point into."""
    places: dict[object, int] = {}
    slots: list[Slot] = []
    plans = []
    for action in actions:
        concerned = [(place, judge) for place, judge in enumerate(judges) if judge.rule.scope.concerns(action)]
        for place, judge in concerned:
            if places.setdefault((place, judge.share(action)), len(slots)) == len(slots):
                slots.append(Slot(judge, action, _always(judge, action)))
        own = tuple(places[place, judge.share(action)] for place, judge in concerned)
        rules = [judge.rule for _, judge in concerned]
        demands = _demands(action, rules)
        plain = not demands and all(rule.everywhere for rule in rules)
        plans.append(Plan(action, own, plain, demands))
    return tuple(slots), plans


def _always(judge: CandidateJudge, action: Action) -> Verdict | None:
    if not judge.everywhere or judge.depends(action):
        return None
    return judge.verdict(Facts(Customer(""), EPOCH), action)


def _demands(action: Action, rules: Sequence[Rule]) -> tuple[Demand, ...]:
    """What must be looked at for this action and is not certain to be."""
    kinds: list[tuple[type[Rule], Verdict]] = [(ConsentRule, NO_CONSENT_RULE)]
    if action.eligibility is not None:
        kinds.append((EligibilityRule, NO_ELIGIBILITY_RULE))
    demands = []
    for kind, otherwise in kinds:
        enforced = [rule for rule in rules if isinstance(rule, kind) and rule.mode is Mode.ENFORCE]
        if not any(rule.everywhere for rule in enforced):
            demands.append(Demand(frozenset(rule.id for rule in enforced), otherwise))
    return tuple(demands)


def _heard(facts: Facts, slots: Sequence[Slot], plans: Sequence[Plan]) -> tuple[Verdicts, ...]:
    """Make each judgement that some plan needs once, and deal the verdicts out to the plans."""
    said: list[Verdict | None] = [None] * len(slots)
    for place in set().union(*[plan.slots for plan in plans]):
        slot = slots[place]
        said[place] = slot.judge.verdict(facts, slot.action) if slot.always is None else slot.always
    return tuple([_dealt(plan, said) for plan in plans])


def _dealt(plan: Plan, said: Sequence[Verdict | None]) -> Verdicts:
    own = map(said.__getitem__, plan.slots)
    if plan.plain:
        return cast(Verdicts, tuple(own))
    verdicts = [verdict for verdict in own if verdict is not None]
    heard = {verdict.rule for verdict in verdicts}
    missing = [demand.otherwise for demand in plan.demands if demand.rules.isdisjoint(heard)]
    return (*verdicts, *missing)
