"""What intervals and confidence cost beside the bare point prediction, on one thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter

import numpy as np

from benchmarks.confidence.deciles import Ints
from benchmarks.confidence.worlds import TERMS
from heed.decisioning.catalogue import Action
from heed.decisioning.score import Floats, tolerance_ratio
from heed.decisioning.value import net_value_draws, net_values
from heed.training.contract.engagement_data import EngagementData
from heed.training.evaluation.policy_choices import best_action
from heed.training.features.feature_matrix import candidate_matrix
from heed.training.model.bundle import Bundle

CANDIDATES = 20
_BULK = 100


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians in microseconds a call, measured in turn, and their ratio."""

    name: str
    point: float
    heed: float

    @property
    def ratio(self) -> float:
        """heed as a multiple of the point prediction."""
        return self.heed / self.point


def costs(bundle: Bundle, data: EngagementData, rows: Ints, rounds: int = 300) -> tuple[Cost, ...]:
    """One decision among 20 candidates, and 100 of them at once, every call on rows not seen for a while."""
    actions = tuple(islice(cycle(bundle.catalogue.actions), CANDIDATES))
    step = max(1, len(rows) // 2_000)
    matrix = candidate_matrix(bundle.schema, data, rows[::step], actions, hold=False)
    with_hold = candidate_matrix(bundle.schema, data, rows[::step], actions, hold=True)
    point, head, whole = _point(bundle), _head(bundle, actions), _whole(bundle, actions)
    one, many = blocks(matrix, CANDIDATES), blocks(matrix, CANDIDATES * _BULK)
    one_held, many_held = blocks(with_hold, CANDIDATES + 1), blocks(with_hold, (CANDIDATES + 1) * _BULK)
    few = max(10, rounds // 10)
    return (
        cost("propensity with interval and draws, 20 rows", point, head, one, one, rounds),
        cost("propensity with interval and draws, 2,000 rows", point, head, many, many, few),
        cost(
            "uplift, harm, net values and confidence, 20 candidates", _both(bundle), whole, one_held, one_held, rounds
        ),
        cost("the same, 100 decisions at once", _both(bundle), whole, many_held, many_held, few),
    )


def cost(
    name: str,
    point: Callable[[Floats], object],
    heed: Callable[[Floats], object],
    for_point: Sequence[Floats],
    for_heed: Sequence[Floats],
    rounds: int,
) -> Cost:
    """Both calls in turn; the other half of the rows for each, so that neither finds them warm in the cache."""
    times = np.empty((rounds, 2))
    point(for_point[0]), heed(for_heed[0])
    for number in range(rounds):
        mine, other = for_point[number % len(for_point)], for_heed[(number + len(for_heed) // 2) % len(for_heed)]
        times[number] = timed(point, mine), timed(heed, other)
    medians = np.median(times, axis=0) * 1e6
    return Cost(name, float(medians[0]), float(medians[1]))


def timed(call: Callable[[Floats], object], rows: Floats) -> float:
    """Seconds that one call takes."""
    began = perf_counter()
    call(rows)
    return perf_counter() - began


def blocks(matrix: Floats, size: int) -> list[Floats]:
    """Consecutive blocks of so many rows, each in memory of its own; what is left over is left out."""
    return [matrix[start : start + size].copy() for start in range(0, len(matrix) - size + 1, size)]


def _point(bundle: Bundle) -> Callable[[Floats], object]:
    booster = bundle.head.trees.booster
    return lambda rows: booster.predict(rows, num_threads=1)


def _both(bundle: Bundle) -> Callable[[Floats], object]:
    """The point predictions of the outcome and of harm."""
    boosters = [head.trees.booster for head in (bundle.head, bundle.harm) if head is not None]
    return lambda rows: [booster.predict(rows, num_threads=1) for booster in boosters]


def _head(bundle: Bundle, actions: Sequence[Action]) -> Callable[[Floats], object]:
    return lambda rows: bundle.head.serve(rows, actions, hold=False)


def _whole(bundle: Bundle, actions: Sequence[Action]) -> Callable[[Floats], object]:
    def confidences(rows: Floats) -> Floats:
        offered = bundle.score_batch(rows, actions)
        chosen = best_action(actions, net_values(actions, offered, TERMS))
        draws = net_value_draws(actions, offered, TERMS)
        worth = np.concatenate([draws, np.zeros_like(draws[:, :1])], axis=1)
        short = worth.max(axis=1) - worth[np.arange(len(worth)), chosen]
        near = np.mean(short <= TERMS.tolerance, axis=1)
        return bundle.trust.of(near, draws.shape[2], tolerance_ratio(TERMS.tolerance, short.mean(axis=1)))

    return confidences
