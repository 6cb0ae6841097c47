"""Verdicts on all customers as columns, and how they combine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.verdict import Effect, Verdict

# Stronger effects have larger codes; a rule without a verdict for a customer is below all.
EFFECTS = (Effect.ALLOW, Effect.REVIEW, Effect.SUPPRESS)
SILENT, ALLOW, REVIEW, SUPPRESS = -1, 0, 1, 2
EFFECT_CODES = {effect: code for code, effect in enumerate(EFFECTS)}
ENDLESS = np.inf
Effects = NDArray[np.int8]
Seconds = NDArray[np.float64]


@dataclass(frozen=True)
class VerdictColumn:
    """One rule's verdicts on all customers.

    Attributes
    ----------
    effect : array of int, shape (customers,)
        A code of `EFFECTS`, or `SILENT`.
    until : array of float, shape (customers,)
        When it ends, in seconds since 1970; infinite where unknown or where nothing objects.
    """

    effect: Effects
    until: Seconds

    @classmethod
    def of(cls, effect: Effects, until: Seconds | None = None) -> "VerdictColumn":
        """Verdicts with an unknown end unless it is given."""
        return cls(effect, np.full(len(effect), ENDLESS) if until is None else until)

    @classmethod
    def dealt(cls, verdicts: Sequence[Verdict | None], codes: NDArray[np.int32]) -> "VerdictColumn":
        """Verdicts per group, distributed to the customers of each group."""
        effect = [SILENT if verdict is None else EFFECT_CODES[verdict.effect] for verdict in verdicts]
        until = [ENDLESS if verdict is None else end_seconds(verdict) for verdict in verdicts]
        return cls(np.array(effect, dtype=np.int8)[codes], np.array(until, dtype=np.float64)[codes])

    def ended(self, at: float) -> "VerdictColumn":
        """The same verdicts, ending at this moment at the latest."""
        return VerdictColumn(self.effect, np.where(self.effect > ALLOW, np.minimum(self.until, at), self.until))

    def where(self, in_force: NDArray[np.bool_] | None, *, enforced: bool) -> "VerdictColumn":
        """Silent where the rule is not in force; allow everywhere in observe mode."""
        effect = self.effect if enforced else np.zeros_like(self.effect)
        until = self.until if enforced else np.full_like(self.until, ENDLESS)
        return VerdictColumn(effect if in_force is None else np.where(in_force, effect, np.int8(SILENT)), until)


@dataclass(frozen=True)
class CombinedVerdicts:
    """Combined verdicts on one action.

    Attributes
    ----------
    effect : array of int, shape (customers,)
        A code of `EFFECTS`.
    rule : array of int, shape (customers,)
        Index of the decisive rule; -1 where all allow.
    until : array of float, shape (customers,)
        When the decisive verdict ends; infinite where unknown or where nothing objects.
    """

    effect: Effects
    rule: NDArray[np.int16]
    until: Seconds

    @classmethod
    def empty(cls, customers: int) -> "CombinedVerdicts":
        """The start value, without any verdict."""
        effect = np.full(customers, SILENT, dtype=np.int8)
        return cls(effect, np.full(customers, -1, dtype=np.int16), np.full(customers, ENDLESS))


def combine(columns: Iterable[tuple[int, VerdictColumn]], customers: int) -> CombinedVerdicts:
    """The strongest effect; of equals the one that lasts longest decides, of those the first.

    See :func:`heed.decisioning.verdict.combined_effect` and :func:`heed.decisioning.verdict.decisive_verdict`. Without
    any verdict, suppress.

    Parameters
    ----------
    judgements : iterable of (int, Said)
        In the order of the policy, each with its index in the result.
    """
    combined = CombinedVerdicts.empty(customers)
    for name, column in columns:
        longer = (column.effect == combined.effect) & (column.until > combined.until) & (combined.effect > ALLOW)
        wins = longer | (column.effect > combined.effect)
        combined.effect[wins], combined.until[wins] = column.effect[wins], column.until[wins]
        combined.rule[wins] = np.where(column.effect[wins] > ALLOW, name, -1)
    combined.effect[combined.effect == SILENT] = SUPPRESS
    return combined


def end_seconds(verdict: Verdict) -> float:
    """When a verdict ends, in seconds since 1970; infinite where unknown."""
    return ENDLESS if verdict.eligible_at is None else verdict.eligible_at.timestamp()
