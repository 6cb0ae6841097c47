"""Learn then Test: fixed-sequence testing from the strictest threshold downwards.

The grid is fixed beforehand. Each threshold is tested at the full level delta as long as all stricter ones were
rejected; the first that is not rejected ends the testing. The chance that any rejected threshold has a mean loss above
alpha is then at most delta, whatever the losses look like between thresholds. Very strict thresholds have too few
losses for any test, and would end the testing before it began: where to start is therefore chosen on other customers.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heed.training.certificate.decision_points import DecisionPoints, random_order, split_customers
from heed.training.certificate.samples import LossSample, upper_bound

GRID: tuple[float, ...] = tuple(hundredths / 100.0 for hundredths in range(99, -1, -1))
PILOT_SHARE = 0.1
# So many times the least number that could ever be certified gives a test a fair chance.
_AMPLE = 4.0


@dataclass(frozen=True, slots=True)
class TestedThreshold:
    """One threshold that was tested."""

    threshold: float
    sample: LossSample
    p_value: float


@dataclass(frozen=True, slots=True)
class LearnThenTestResult:
    """What testing came to.

    Attributes
    ----------
    tested : tuple of TestedThreshold, at least one
        In the order of testing; the last may be the one that was not rejected.
    certified : TestedThreshold or None
        At the least threshold that was rejected.
    points : DecisionPoints
        Those that were tested on.
    """

    tested: tuple[TestedThreshold, ...]
    certified: TestedThreshold | None
    points: DecisionPoints


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """One threshold: who would have been acted upon, and their mean loss with its upper bound at level delta."""

    threshold: float
    executed: int
    risk: float
    upper: float


def learn_then_test(
    points: DecisionPoints, alpha: float, delta: float, *, seed: int = 0, grid: Sequence[float] = GRID
) -> LearnThenTestResult:
    """The least threshold at which the mean loss is at most alpha, with probability 1 - delta.

    Parameters
    ----------
    alpha : float
        At least 0; for harm in (0, 1).
    delta : float
        In (0, 1).
    grid : sequence of float
        Thresholds, strictest first.
    """
    pilot, others = split_customers(points, PILOT_SHARE, seed)
    start = _start(pilot, alpha, delta, seed, grid)
    tested = tuple(_in_sequence(others, alpha, delta, seed, grid[start:]))
    rejected = [one for one in tested if one.p_value <= delta]
    return LearnThenTestResult(tested, rejected[-1] if rejected else None, others)


def seen(points: DecisionPoints, delta: float, *, seed: int = 0, grid: Sequence[float] = GRID) -> tuple[RiskPoint, ...]:
    """Loss and bound at every threshold, each by itself: the bounds do not hold all at once."""
    order = random_order(points, seed)
    return tuple(risk_at(one, points.at(one, order), delta) for one in grid)


def risk_at(threshold: float, sample: LossSample, delta: float) -> RiskPoint:
    """Loss and bound at one threshold."""
    return RiskPoint(threshold, sample.executed, sample.risk, upper_bound(sample, delta))


def min_customers(alpha: float, delta: float) -> int:
    """Customers without any loss that it takes to certify alpha at level delta, all of the largest weight."""
    return math.ceil(math.log(delta) / math.log1p(-alpha)) if 0.0 < alpha < 1.0 else 1


def _start(pilot: DecisionPoints, alpha: float, delta: float, seed: int, grid: Sequence[float]) -> int:
    """Place of the strictest threshold that, by the pilot, has losses enough; the last of the grid where none has."""
    order = random_order(pilot, seed)
    worth = [pilot.at(one, order).worth * (1.0 - PILOT_SHARE) / PILOT_SHARE for one in grid]
    ample = 0.5 * max(worth) if pilot.estimated else _AMPLE * min_customers(alpha, delta)
    return next((place for place, one in enumerate(worth) if one >= ample > 0.0), len(grid) - 1)


def _in_sequence(
    points: DecisionPoints, alpha: float, delta: float, seed: int, grid: Sequence[float]
) -> Iterator[TestedThreshold]:
    """Test one threshold after the other, the first that is not rejected the last."""
    order = random_order(points, seed)
    for threshold in grid:
        sample = points.at(threshold, order)
        p_value = sample.p_value(alpha)
        yield TestedThreshold(threshold, sample, p_value)
        if p_value > delta:
            return
