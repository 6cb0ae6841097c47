"""Learn then Test: fixed-sequence testing from the strictest threshold downwards.

The grid is fixed in advance. Each threshold is tested at the full level delta as long as all stricter ones were
rejected; the first that is not rejected ends the sequence. The probability that any rejected threshold has a mean loss
above alpha is then at most delta, whatever the dependence between thresholds. Very strict thresholds have too few
losses for any test and would end the sequence at once, so the start is chosen on a pilot sample of other customers.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heed.training.certificate.decision_points import DecisionPoints, random_order, split_customers
from heed.training.certificate.samples import LossSample, upper_bound

GRID: tuple[float, ...] = tuple(hundredths / 100.0 for hundredths in range(99, -1, -1))
PILOT_SHARE = 0.1
# Start where the pilot has this many times the minimum sample size.
_START_FACTOR = 4.0


@dataclass(frozen=True, slots=True)
class TestedThreshold:
    """One threshold that was tested."""

    threshold: float
    sample: LossSample
    p_value: float


@dataclass(frozen=True, slots=True)
class LearnThenTestResult:
    """The result of the test sequence.

    Attributes
    ----------
    tested : tuple of TestedThreshold, at least one
        In test order; the last may not be rejected.
    certified : TestedThreshold or None
        At the lowest threshold that was rejected.
    points : DecisionPoints
        The decision points tested.
    """

    tested: tuple[TestedThreshold, ...]
    certified: TestedThreshold | None
    points: DecisionPoints


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """One threshold: the customers acted upon, and their mean loss with its upper bound at level delta."""

    threshold: float
    executed: int
    risk: float
    upper: float


def learn_then_test(
    points: DecisionPoints, alpha: float, delta: float, *, seed: int = 0, grid: Sequence[float] = GRID
) -> LearnThenTestResult:
    """The lowest threshold at which the mean loss is at most alpha, with probability 1 - delta.

    Parameters
    ----------
    alpha : float
        At least 0; for harm in (0, 1).
    delta : float
        In (0, 1).
    grid : sequence of float
        Thresholds, strictest first.
    """
    pilot, rest = split_customers(points, PILOT_SHARE, seed)
    start = _start(pilot, alpha, delta, seed, grid)
    tested = tuple(_test_sequence(rest, alpha, delta, seed, grid[start:]))
    rejected = [step for step in tested if step.p_value <= delta]
    return LearnThenTestResult(tested, rejected[-1] if rejected else None, rest)


def risk_curve(
    points: DecisionPoints, delta: float, *, seed: int = 0, grid: Sequence[float] = GRID
) -> tuple[RiskPoint, ...]:
    """Loss and bound at every threshold, each on its own: the bounds do not hold simultaneously."""
    order = random_order(points, seed)
    return tuple(risk_at(threshold, points.at(threshold, order), delta) for threshold in grid)


def risk_at(threshold: float, sample: LossSample, delta: float) -> RiskPoint:
    """Loss and bound at one threshold."""
    return RiskPoint(threshold, sample.executed, sample.risk, upper_bound(sample, delta))


def min_customers(alpha: float, delta: float) -> int:
    """Number of customers without loss, all of the largest weight, needed to certify alpha at level delta."""
    return math.ceil(math.log(delta) / math.log1p(-alpha)) if 0.0 < alpha < 1.0 else 1


def _start(pilot: DecisionPoints, alpha: float, delta: float, seed: int, grid: Sequence[float]) -> int:
    """Index of the strictest threshold with a large enough sample in the pilot, else of the last one."""
    order = random_order(pilot, seed)
    sizes = [pilot.at(threshold, order).worth * (1.0 - PILOT_SHARE) / PILOT_SHARE for threshold in grid]
    enough = 0.5 * max(sizes) if pilot.estimated else _START_FACTOR * min_customers(alpha, delta)
    return next((index for index, size in enumerate(sizes) if size >= enough > 0.0), len(grid) - 1)


def _test_sequence(
    points: DecisionPoints, alpha: float, delta: float, seed: int, grid: Sequence[float]
) -> Iterator[TestedThreshold]:
    """Test the thresholds in order, up to the first that is not rejected."""
    order = random_order(points, seed)
    for threshold in grid:
        sample = points.at(threshold, order)
        p_value = sample.p_value(alpha)
        yield TestedThreshold(threshold, sample, p_value)
        if p_value > delta:
            return
