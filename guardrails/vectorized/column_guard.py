"""A policy over many customers at once: the effect and the decisive rule for each customer and action.

The verdicts equal those of :class:`heed.guardrails.guard.PolicyGuard`. Their reasons are computed on demand by that
guard, for the few customers for whom they are needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import Action, Catalogue
from heed.decisioning.customer import Customer, Volume
from heed.decisioning.verdict import Effect, combined_effect, decisive_verdict
from heed.guardrails.guard import ActionPlan, PolicyGuard, RequiredRule, Verdicts, bind_policy
from heed.guardrails.policy.load import LoadedPolicy, load_policy
from heed.guardrails.policy.validate import check_conditions
from heed.guardrails.rules.frequency_cap import FrequencyCap
from heed.guardrails.vectorized.column_condition import ColumnCondition, compile_column_condition
from heed.guardrails.vectorized.customer_batch import CustomerBatch
from heed.guardrails.vectorized.rule_runner import RuleRunner, evaluate_rule
from heed.guardrails.vectorized.verdict_columns import (
    EFFECT_CODES,
    EFFECTS,
    ENDLESS,
    SILENT,
    SUPPRESS,
    CombinedVerdicts,
    VerdictColumn,
    combine,
    end_seconds,
)


@dataclass(frozen=True)
class ColumnVerdicts:
    """Verdicts of a policy on many customers and actions.

    Attributes
    ----------
    effects : array of int, shape (customers, actions)
        Codes of `EFFECTS`: 0 allow, 1 review, 2 suppress.
    rules : array of int, shape (customers, actions)
        Indices in `rule_ids` of the decisive rules, -1 where all allow.
    until : array of float, shape (customers, actions)
        When the decisive rule would no longer object, in seconds since 1970; infinite where unknown or where nothing
        objects.
    rule_ids : tuple of str
        Ids of the rules, the guard's own included.
    """

    population: CustomerBatch
    actions: tuple[Action, ...]
    guard: PolicyGuard
    effects: NDArray[np.int8]
    rules: NDArray[np.int16]
    until: NDArray[np.float64]
    rule_ids: tuple[str, ...]

    def effect(self, customer: int, action: int) -> Effect:
        """Combined effect of all rules for one customer and action."""
        return EFFECTS[self.effects[customer, action]]

    def binding(self, customer: int, action: int) -> str | None:
        """Id of the decisive rule, None where all allow."""
        place = self.rules[customer, action]
        return None if place < 0 else self.rule_ids[place]

    def verdicts(self, customer: int, action: int) -> Verdicts:
        """Every rule's verdict with its reason, from the guard."""
        return self.guard.verdicts(self.population.facts(customer), [self.actions[action]])[0]


@dataclass(frozen=True)
class ColumnGuard:
    """A policy bound to a catalogue, for many customers at once. Created by :func:`bind_column_policy`.

    Attributes
    ----------
    guard : PolicyGuard
        The same policy for one customer at a time.
    conditions : mapping of str to ColumnCondition
        All conditions of the policy and the catalogue, by text.
    """

    guard: PolicyGuard
    conditions: Mapping[str, ColumnCondition]

    def verdicts(
        self,
        customers: Sequence[Customer],
        actions: Sequence[Action],
        *,
        now: datetime,
        context: Mapping[str, Scalar] | None = None,
        volumes: tuple[Volume, ...] | None = None,
    ) -> ColumnVerdicts:
        """Evaluate every action for every customer, at one moment and in one context.

        Parameters
        ----------
        customers : sequence of Customer
            With their histories, as for a decision.
        actions : sequence of Action
            Actions of the catalogue are evaluated over columns, others one by one.
        """
        return self.over(CustomerBatch(customers, now, context or {}, volumes, self.window), actions)

    @property
    def window(self) -> timedelta:
        """Longest window of the policy's caps."""
        caps = [evaluator.rule for evaluator in self.guard.evaluators if isinstance(evaluator.rule, FrequencyCap)]
        return max((rule.window for rule in caps), default=timedelta(0))

    def over(self, facts: CustomerBatch, actions: Sequence[Action]) -> ColumnVerdicts:
        """Evaluate every action for a batch that other policies may share; see :meth:`verdicts`.

        Raises
        ------
        ValueError
            If the batch's window is shorter than the policy's.
        """
        if facts.window < self.window:
            raise ValueError(
                f"contacts of the last {facts.window} are columns, and the policy looks back {self.window}"
            )
        odd = facts.odd
        runner = RuleRunner(facts if not odd else facts.without(odd), self.conditions)
        run = _PolicyRun(self.guard, runner, {}, {})
        outcomes = [run.outcome(action) for action in actions]
        for place in odd:
            for outcome, said_alone in zip(outcomes, self.guard.verdicts(facts.facts(place), actions), strict=True):
                run.put(outcome, place, said_alone)
        shape = (len(actions), len(facts))
        return ColumnVerdicts(
            facts,
            tuple(actions),
            self.guard,
            np.array([outcome.effect for outcome in outcomes], dtype=np.int8).reshape(shape).T,
            np.array([outcome.rule for outcome in outcomes], dtype=np.int16).reshape(shape).T,
            np.array([outcome.until for outcome in outcomes], dtype=np.float64).reshape(shape).T,
            run.rule_ids,
        )


@dataclass(frozen=True)
class _PolicyRun:
    """One run of a policy over a batch; slots that several actions share are evaluated once."""

    guard: PolicyGuard
    runner: RuleRunner
    done: dict[int, VerdictColumn]
    alike: dict[tuple[tuple[int, ...], tuple[RequiredRule, ...]], CombinedVerdicts]

    @cached_property
    def rule_ids(self) -> tuple[str, ...]:
        own = [evaluator.rule.id for evaluator in self.guard.evaluators]
        return (
            *own,
            *(requirement.otherwise.rule for plan in self.guard.plans.values() for requirement in plan.demands),
        )

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in reversed(list(enumerate(self.rule_ids)))}

    def outcome(self, action: Action) -> CombinedVerdicts:
        plan = self.guard.plans.get(action.action_id)
        if plan is None or plan.action != action:
            return self._one_by_one(action)
        key = (plan.slots, plan.demands)
        if key not in self.alike:
            self.alike[key] = self._judged(plan)
        return self.alike[key]

    def _judged(self, plan: ActionPlan) -> CombinedVerdicts:
        slots = [self.guard.slots[place] for place in plan.slots]
        columns = [(slot.evaluator.rule.id, self._said(place)) for place, slot in zip(plan.slots, slots, strict=True)]
        missing = [
            (requirement.otherwise.rule, self._demanded(requirement.rules, columns)) for requirement in plan.demands
        ]
        named = [(self._places[name], column) for name, column in (*columns, *missing)]
        return combine(named, len(self.runner.batch))

    def _said(self, place: int) -> VerdictColumn:
        if place not in self.done:
            slot = self.guard.slots[place]
            self.done[place] = evaluate_rule(slot.evaluator, slot.action, self.runner)
        return self.done[place]

    def _demanded(self, rules: frozenset[str], columns: Sequence[tuple[str, VerdictColumn]]) -> VerdictColumn:
        """The guard's own verdict where none of the rules gives one."""
        spoken = np.zeros(len(self.runner.batch), dtype=np.bool_)
        for name, column in columns:
            if name in rules:
                spoken |= column.effect != SILENT
        return VerdictColumn.of(np.where(spoken, SILENT, SUPPRESS).astype(np.int8))

    def _one_by_one(self, action: Action) -> CombinedVerdicts:
        population = self.runner.batch
        outcome = CombinedVerdicts.empty(len(population))
        for place in range(len(population)):
            self.put(outcome, place, self.guard.verdicts(population.facts(place), [action])[0])
        return outcome

    def put(self, outcome: CombinedVerdicts, place: int, verdicts: Verdicts) -> None:
        bound = decisive_verdict(verdicts)
        outcome.effect[place] = EFFECT_CODES[combined_effect(verdicts)]
        outcome.rule[place] = -1 if bound is None else self._places[bound.rule]
        outcome.until[place] = ENDLESS if bound is None else end_seconds(bound)


def load_column_guard(
    path: Path, catalogue: Catalogue, attribute_types: Mapping[str, str] | None = None
) -> ColumnGuard:
    """Read a policy file and bind it to a catalogue; see :func:`heed.guardrails.guard.load_guard`."""
    return bind_column_policy(load_policy(path), catalogue, attribute_types)


def bind_column_policy(
    loaded: LoadedPolicy, catalogue: Catalogue, attribute_types: Mapping[str, str] | None = None
) -> ColumnGuard:
    """Bind a loaded policy to a catalogue.

    Raises
    ------
    InvalidPolicy
        If it does not fit the catalogue; it lists all faults.
    """
    guard = bind_policy(loaded, catalogue, attribute_types)
    checked = check_conditions(loaded, catalogue, attribute_types or {})
    return ColumnGuard(guard, {text: compile_column_condition(condition) for text, condition in checked.items()})
