"""The active policy, bound to a catalogue: verdicts of all rules for a decision.

Every rule whose scope covers the candidate, and which is in force for the customer at the moment, gives one verdict,
also when it allows. Suppress beats review beats allow, whatever the order of the rules (see
:func:`heed.decisioning.verdict.combined_effect`). A rule that fails or lacks a fact suppresses. A rule in observe mode
is recorded as allow.

Three safeguards hold without being written in a policy. The guard itself suppresses where no enforced consent rule
gives a verdict, where an action has an eligibility condition and no enforced eligibility rule checks it, and where
several consent rules accept no common contact point.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from heed.decisioning.catalogue import Action, Autonomy, Catalogue
from heed.decisioning.customer import EPOCH, Customer, Facts
from heed.decisioning.decide import Choice
from heed.decisioning.net_value_digest import net_value_digest
from heed.decisioning.value import ValueTerms
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.policy.compile import (
    CandidateEvaluator,
    ChoiceEvaluator,
    compile_candidate_rule,
    compile_choice_rule,
    compile_shared_contact_point,
    compile_stop_flag,
)
from heed.guardrails.policy.load import LoadedPolicy, load_policy
from heed.guardrails.policy.policy_model import ChoiceRule, Policy
from heed.guardrails.policy.validate import check_conditions
from heed.guardrails.rules.consent import ConsentRule, live_contact_points
from heed.guardrails.rules.eligibility import EligibilityRule
from heed.guardrails.rules.rule import Mode, Rule
from heed.guardrails.rules.shared_contact_point import shared_contact_points

Verdicts = tuple[Verdict, ...]
NO_CONSENT_RULE = Verdict("heed-no-consent-rule", Effect.SUPPRESS, "No enforced consent rule speaks for this action.")
NO_ELIGIBILITY_RULE = Verdict(
    "heed-no-eligibility-rule",
    Effect.SUPPRESS,
    "The catalogue sets a condition of eligibility, and no enforced eligibility rule looks at it.",
)


@dataclass(frozen=True, slots=True)
class RequiredRule:
    """Rules of which at least one must give a verdict on an action, and the guard's own verdict otherwise."""

    rules: frozenset[str]
    otherwise: Verdict


@dataclass(frozen=True, slots=True)
class Slot:
    """One rule evaluation, shared by all actions for which its verdict is the same.

    Attributes
    ----------
    always : Verdict or None
        The verdict for every customer at all times, where it is known at load.
    """

    evaluator: CandidateEvaluator
    action: Action
    always: Verdict | None


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """The evaluations that make up the verdicts on one action, by their index among the slots.

    Attributes
    ----------
    plain : bool
        Whether every slot always gives a verdict and nothing is required beside them.
    """

    action: Action
    slots: tuple[int, ...]
    plain: bool
    demands: tuple[RequiredRule, ...]


@dataclass(frozen=True, slots=True)
class PolicyGuard:
    """A policy bound to a catalogue. Pure: the same facts get the same verdicts.

    Made by :func:`load_guard` and :func:`bind_policy`.

    Attributes
    ----------
    policy : Policy
        The policy as loaded.
    hash : str
        SHA-256 of the policy's content.
    terms : ValueTerms
        The policy's weights for value, harm and tolerance.
    """

    policy: Policy
    hash: str
    terms: ValueTerms
    evaluators: tuple[CandidateEvaluator, ...]
    choice_evaluators: tuple[ChoiceEvaluator, ...]
    slots: tuple[Slot, ...]
    plans: Mapping[str, ActionPlan]

    def verdicts(self, facts: Facts, actions: Sequence[Action]) -> tuple[Verdicts, ...]:
        """Every rule's verdict on every action, in the order of the actions and, within it, of the policy."""
        plans = [plan for action in actions if (plan := self._plan(action)) is not None]
        if len(plans) < len(actions):
            return self._verdicts_outside_catalogue(facts, actions)
        return _evaluate(facts, self.slots, plans)

    def choice_verdicts(self, facts: Facts, choice: Choice) -> Verdicts:
        """Verdicts of the rules that need the chosen action: confidence, value, harm, audit."""
        verdicts = (evaluator.verdict(facts, choice) for evaluator in self.choice_evaluators)
        return tuple(verdict for verdict in verdicts if verdict is not None)

    def autonomy(self, action: Action) -> Autonomy:
        """The lower of the policy's ceiling and the catalogue's level."""
        ceiling = self.policy.autonomy.actions.get(action.action_id, self.policy.autonomy.default)
        return min(ceiling, action.autonomy, key=lambda level: level.freedom)

    def contact_point(self, facts: Facts, action: Action) -> str | None:
        """The first contact point, by name, that every consent rule in force for the action accepts.

        Where the rules ask for no consent, one with live consent comes first. None where there is no such point.
        """
        live = live_contact_points(facts.customer, action.channel, action.purpose, facts.now, action.topic)
        common = shared_contact_points(self._consent_rules, facts, action)
        return next((point for point in live if point in common), next(iter(common), None))

    @property
    def _consent_rules(self) -> list[ConsentRule]:
        rules = [evaluator.rule for evaluator in self.evaluators if evaluator.enforced]
        return [rule for rule in rules if isinstance(rule, ConsentRule)]

    def _plan(self, action: Action) -> ActionPlan | None:
        """The plan made at load, None for an action outside the catalogue."""
        plan = self.plans.get(action.action_id)
        return plan if plan is not None and (plan.action is action or plan.action == action) else None

    def _verdicts_outside_catalogue(self, facts: Facts, actions: Sequence[Action]) -> tuple[Verdicts, ...]:
        """Verdicts where some actions are outside the catalogue: each is planned on its own."""
        apart = [_plan_actions([action], self.evaluators) for action in actions]
        return tuple(verdicts for slots, plans in apart for verdicts in _evaluate(facts, slots, plans))


def load_guard(path: Path, catalogue: Catalogue, attribute_types: Mapping[str, str] | None = None) -> PolicyGuard:
    """Read a policy file and bind it to a catalogue.

    Parameters
    ----------
    path : Path
        The policy file.
    catalogue : Catalogue
        The actions that the policy is about.
    attribute_types : mapping of str to str, optional
        Types of customer attributes for conditions: ``number``, ``boolean``, ``text`` or a type of CEL.

    Raises
    ------
    PolicyError
        If the file cannot be read.
    InvalidPolicy
        If it is not a valid policy or does not fit the catalogue; it lists all faults.
    """
    return bind_policy(load_policy(path), catalogue, attribute_types)


def bind_policy(
    loaded: LoadedPolicy, catalogue: Catalogue, attribute_types: Mapping[str, str] | None = None
) -> PolicyGuard:
    """Bind a loaded policy to a catalogue; see :func:`load_guard`."""
    policy = loaded.policy
    conditions = check_conditions(loaded, catalogue, attribute_types or {})
    own = catalogue.by_id
    # The stop flag comes first, since of verdicts that are equally strong and last equally long the first decides.
    evaluators = compile_stop_flag(policy.stop)
    evaluators += tuple(
        compile_candidate_rule(rule, conditions, own) for rule in policy.rules if not isinstance(rule, ChoiceRule)
    )
    evaluators += compile_shared_contact_point(policy.rules)
    terms = ValueTerms(dict(policy.terms.levers), policy.terms.harm_cost, policy.terms.tolerance)
    made = net_value_digest(terms, catalogue.actions)
    choice_evaluators = tuple(compile_choice_rule(rule, made) for rule in policy.rules if isinstance(rule, ChoiceRule))
    slots, plans = _plan_actions(catalogue.actions, evaluators)
    return PolicyGuard(
        policy,
        policy.hash,
        terms,
        evaluators,
        choice_evaluators,
        slots,
        {plan.action.action_id: plan for plan in plans},
    )


def _plan_actions(
    actions: Sequence[Action], evaluators: Sequence[CandidateEvaluator]
) -> tuple[tuple[Slot, ...], list[ActionPlan]]:
    """Plans for the actions, and the slots that they point into."""
    places: dict[object, int] = {}
    slots: list[Slot] = []
    plans = []
    for action in actions:
        concerned = [
            (place, evaluator) for place, evaluator in enumerate(evaluators) if evaluator.rule.scope.concerns(action)
        ]
        for place, evaluator in concerned:
            if places.setdefault((place, evaluator.sharing_key(action)), len(slots)) == len(slots):
                slots.append(Slot(evaluator, action, _constant_verdict(evaluator, action)))
        own = tuple(places[place, evaluator.sharing_key(action)] for place, evaluator in concerned)
        rules = [evaluator.rule for _, evaluator in concerned]
        demands = _required_rules(action, rules)
        plain = not demands and all(rule.everywhere for rule in rules)
        plans.append(ActionPlan(action, own, plain, demands))
    return tuple(slots), plans


def _constant_verdict(evaluator: CandidateEvaluator, action: Action) -> Verdict | None:
    if not evaluator.everywhere or evaluator.depends(action):
        return None
    return evaluator.verdict(Facts(Customer(""), EPOCH), action)


def _required_rules(action: Action, rules: Sequence[Rule]) -> tuple[RequiredRule, ...]:
    """The rules that must give a verdict on this action and may be silent."""
    kinds: list[tuple[type[Rule], Verdict]] = [(ConsentRule, NO_CONSENT_RULE)]
    if action.eligibility is not None:
        kinds.append((EligibilityRule, NO_ELIGIBILITY_RULE))
    demands = []
    for kind, otherwise in kinds:
        enforced = [rule for rule in rules if isinstance(rule, kind) and rule.mode is Mode.ENFORCE]
        if not any(rule.everywhere for rule in enforced):
            demands.append(RequiredRule(frozenset(rule.id for rule in enforced), otherwise))
    return tuple(demands)


def _evaluate(facts: Facts, slots: Sequence[Slot], plans: Sequence[ActionPlan]) -> tuple[Verdicts, ...]:
    """Evaluate each slot that some plan needs once, and distribute the verdicts."""
    verdicts: list[Verdict | None] = [None] * len(slots)
    for place in set().union(*[plan.slots for plan in plans]):
        slot = slots[place]
        verdicts[place] = slot.evaluator.verdict(facts, slot.action) if slot.always is None else slot.always
    return tuple([_verdicts_of(plan, verdicts) for plan in plans])


def _verdicts_of(plan: ActionPlan, evaluated: Sequence[Verdict | None]) -> Verdicts:
    own = map(evaluated.__getitem__, plan.slots)
    if plan.plain:
        return cast(Verdicts, tuple(own))
    verdicts = [verdict for verdict in own if verdict is not None]
    rules = {verdict.rule for verdict in verdicts}
    missing = [demand.otherwise for demand in plan.demands if demand.rules.isdisjoint(rules)]
    return (*verdicts, *missing)
