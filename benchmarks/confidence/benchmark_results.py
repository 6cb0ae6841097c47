"""All that one run finds."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.confidence.confidence_calibration import (
    ConfidenceCalibration,
    LearnedTrust,
    confidence_calibration,
    learned_trust,
)
from benchmarks.confidence.cost import Cost
from benchmarks.confidence.interval_calibration import IntervalCalibration, interval_calibration
from benchmarks.confidence.regret import PolicyWorth, ReviewOrder, policy_worths, review_orders
from benchmarks.confidence.worlds import WorldScores


@dataclass(frozen=True, slots=True)
class BenchmarkResults:
    """Figures of some worlds together; constants only where they were asked for."""

    statements: IntervalCalibration
    confidence: ConfidenceCalibration
    policies: tuple[PolicyWorth, ...]
    orders: tuple[ReviewOrder, ...]
    costs: tuple[Cost, ...]
    learnt: LearnedTrust | None = None


def benchmark_results(worlds: Sequence[WorldScores], costs: Sequence[Cost], *, learn: bool = False) -> BenchmarkResults:
    """What these worlds show, of which there is at least one."""
    return BenchmarkResults(
        statements=interval_calibration(worlds),
        confidence=confidence_calibration(worlds),
        policies=policy_worths(worlds),
        orders=review_orders(worlds),
        costs=tuple(costs),
        learnt=learned_trust(worlds) if learn else None,
    )
