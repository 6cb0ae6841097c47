"""Evaluate rules over a batch of customers, with the same verdicts as each rule's own function.

Frequency caps, consent and conditions are computed over columns. Kinds that depend on little, such as a time zone, are
evaluated once per group of customers who agree in it. All others are evaluated customer by customer.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Contact, Customer, microseconds
from heed.decisioning.verdict import Effect
from heed.guardrails.conditions.cel import CelType, coerce
from heed.guardrails.conditions.cel_env import variable_value
from heed.guardrails.policy.compile import CandidateEvaluator
from heed.guardrails.rules.condition import ConditionRule
from heed.guardrails.rules.consent import ConsentRule
from heed.guardrails.rules.eligibility import EligibilityRule
from heed.guardrails.rules.frequency_cap import FrequencyCap, sharing_key
from heed.guardrails.rules.objection import ObjectionRule
from heed.guardrails.rules.quiet_hours import QuietHours
from heed.guardrails.rules.rule import Rule
from heed.guardrails.rules.stop_flag import StopRule
from heed.guardrails.rules.suppression import SuppressionRule
from heed.guardrails.rules.volume_limit import VolumeLimit
from heed.guardrails.vectorized.column_condition import ColumnCondition
from heed.guardrails.vectorized.consent_columns import consent_verdicts
from heed.guardrails.vectorized.customer_batch import CustomerBatch
from heed.guardrails.vectorized.integer_codes import Codes
from heed.guardrails.vectorized.polars_expression import POLARS_TYPES
from heed.guardrails.vectorized.verdict_columns import ALLOW, EFFECT_CODES, ENDLESS, SUPPRESS, VerdictColumn

Key = Callable[[Customer], Hashable]
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class RuleRunner:
    """A batch of customers and the compiled conditions, shared by the evaluations of all rules.

    Attributes
    ----------
    conditions : mapping of str to ColumnCondition
        All conditions of the policy and the catalogue, by text.
    """

    batch: CustomerBatch
    conditions: Mapping[str, ColumnCondition]

    def groups(self, kind: type[Rule]) -> tuple[Codes, list[int]]:
        """Group of each customer for rules of a kind, and the first of each group; by default one per customer."""
        key, size = _key(kind, self.batch), len(self.batch)
        if key is None:
            return np.arange(size, dtype=np.int32), list(range(size))
        return self.batch.grouped(kind.__name__, key)

    def decided(self, text: str, action: Action) -> pl.Series:
        """Whether a condition holds for each customer, null where it cannot be evaluated."""
        wanted = self.conditions[text]
        frame = pl.DataFrame([self._column(name, kind, action) for name, kind in wanted.condition.variables.items()])
        return wanted.decided(frame if frame.width else pl.DataFrame({"row": np.arange(len(self.batch))}))

    def _column(self, name: str, kind: CelType, action: Action) -> pl.Series:
        if name.startswith("customer."):
            return self.batch.column(name, kind)
        same = coerce(variable_value(name, self.batch.facts(0), action), kind) if len(self.batch) else None
        return pl.Series(name, [same], dtype=POLARS_TYPES[kind]).new_from_index(0, len(self.batch))


def evaluate_rule(evaluator: CandidateEvaluator, action: Action, runner: RuleRunner) -> VerdictColumn:
    """One rule's verdicts on one action for all customers."""
    match evaluator.rule:
        case FrequencyCap() as rule:
            return _in_force(evaluator, action, runner.batch, _capped(rule, action, runner.batch))
        case ConsentRule() as rule:
            return _in_force(evaluator, action, runner.batch, consent_verdicts(rule, action, runner.batch))
        case ConditionRule() as rule:
            return _in_force(
                evaluator, action, runner.batch, _conditioned(rule, runner.decided(rule.written[1], action))
            )
        case EligibilityRule() as rule:
            return _in_force(evaluator, action, runner.batch, _eligible(rule, action, runner))
        case _:
            return evaluate_by_group(evaluator, action, runner)


def evaluate_by_group(evaluator: CandidateEvaluator, action: Action, runner: RuleRunner) -> VerdictColumn:
    """Evaluate the rule once per group of customers who agree in all that it looks at."""
    codes, first = runner.groups(type(evaluator.rule))
    return VerdictColumn.dealt([evaluator.verdict(runner.batch.facts(place), action) for place in first], codes)


def _key(kind: type[Rule], batch: CustomerBatch) -> Key | None:
    """The customer's grouping key for rules of a kind, None where none is defined."""
    if kind is SuppressionRule:
        return attrgetter("jurisdiction", "suppressions")
    if kind is QuietHours:
        return _whereabouts if batch.permissions.points.zoned else attrgetter("jurisdiction", "time_zone")
    if kind is ObjectionRule:
        return attrgetter("jurisdiction", "objections")
    return attrgetter("jurisdiction") if kind in (VolumeLimit, StopRule) else None


def _whereabouts(customer: Customer) -> Hashable:
    places = tuple([(point.channel, point.time_zones) for point in customer.contact_points])
    return (customer.jurisdiction, customer.time_zone, places)


def _in_force(
    evaluator: CandidateEvaluator, action: Action, batch: CustomerBatch, column: VerdictColumn
) -> VerdictColumn:
    """The verdicts limited to where the rule is in force, and by its mode."""
    end = evaluator.rule.stands_until
    if end is not None:
        column = column.ended(end.timestamp())
    if evaluator.everywhere:
        return column.where(None, enforced=evaluator.enforced)
    codes, first = batch.jurisdictions
    in_force = np.array([evaluator.rule.in_force(batch.facts(place), action) for place in first], dtype=np.bool_)
    return column.where(in_force[codes], enforced=evaluator.enforced)


def _capped(rule: FrequencyCap, action: Action, batch: CustomerBatch) -> VerdictColumn:
    """As :func:`heed.guardrails.rules.frequency_cap.evaluate`: object once the window is full."""
    contacts, customers = batch.contacts, len(batch)
    own = sharing_key(rule, action)
    counts = np.array([_counts(rule, own, kind) for kind in contacts.kinds], dtype=np.bool_)
    since = microseconds(batch.now) - rule.window // _MICROSECOND
    counted = (contacts.at > since) & counts[contacts.kind] if len(contacts.kinds) else np.zeros(0, dtype=np.bool_)
    filled = np.bincount(contacts.owner[counted], minlength=customers)
    full = filled >= rule.limit
    effect = np.where(full, EFFECT_CODES[rule.effect.effect], ALLOW).astype(np.int8)
    until = np.full(customers, ENDLESS)
    if rule.limit > 0:
        leaves = np.cumsum(filled)[full] - rule.limit
        until[full] = (contacts.at[counted][leaves] + rule.window // _MICROSECOND) / 1e6
    return VerdictColumn.of(effect, until)


def _counts(rule: FrequencyCap, own: str | None, contact: Contact) -> bool:
    shares = rule.shared is None or getattr(contact, rule.shared) == own
    return bool(shares and contact.counts and rule.scope.concerns(contact))


def _conditioned(rule: ConditionRule, decided: pl.Series) -> VerdictColumn:
    """As :func:`heed.guardrails.rules.condition.evaluate`: object as the field says; undecidable suppresses."""
    against = EFFECT_CODES[Effect.REVIEW] if rule.review_when is not None else SUPPRESS
    good = rule.allow_when is not None
    return VerdictColumn.of(_chosen(decided, ALLOW if good else against, against if good else ALLOW))


def _eligible(rule: EligibilityRule, action: Action, runner: RuleRunner) -> VerdictColumn:
    """As :func:`heed.guardrails.rules.eligibility.evaluate`; an action without a condition is for everybody."""
    if action.eligibility is None:
        return VerdictColumn.of(np.zeros(len(runner.batch), dtype=np.int8))
    return VerdictColumn.of(
        _chosen(runner.decided(action.eligibility, action), ALLOW, EFFECT_CODES[rule.effect.effect])
    )


def _chosen(decided: pl.Series, held: int, failed: int) -> NDArray[np.int8]:
    effect = decided.replace_strict({True: held, False: failed}, default=SUPPRESS, return_dtype=pl.Int8)
    return effect.to_numpy().astype(np.int8)
