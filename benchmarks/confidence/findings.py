"""All that one run finds."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.confidence.cost import Cost
from benchmarks.confidence.intervals import Statements, statements
from benchmarks.confidence.regret import Order, Worth, orders, policies
from benchmarks.confidence.stated import Confidence, Learnt, confidence, learnt
from benchmarks.confidence.worlds import Told


@dataclass(frozen=True, slots=True)
class Findings:
    """Figures of some worlds together; constants only where they were asked for."""

    statements: Statements
    confidence: Confidence
    policies: tuple[Worth, ...]
    orders: tuple[Order, ...]
    costs: tuple[Cost, ...]
    learnt: Learnt | None = None


def findings(worlds: Sequence[Told], costs: Sequence[Cost], *, learn: bool = False) -> Findings:
    """What these worlds show, of which there is at least one."""
    return Findings(
        statements=statements(worlds),
        confidence=confidence(worlds),
        policies=policies(worlds),
        orders=orders(worlds),
        costs=tuple(costs),
        learnt=learnt(worlds) if learn else None,
    )
