"""What choices are worth, what the best would have been worth, and what is lost where only the surest are automated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.confidence.deciles import Ints, clustered_half
from benchmarks.confidence.worlds import TERMS, WorldScores
from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.choice_regret import compare_with_truth
from heed.training.evaluation.metrics.risk_coverage import risk_coverage
from heed.training.evaluation.policy_choices import HOLD_INDEX

SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class PolicyWorth:
    """A way of choosing.

    Attributes
    ----------
    value, half : float
        Mean true net value of a decision in EUR, and half width of its 95 % interval by customers.
    regret : float
        What the best is worth more.
    holds, near : float
        Share of decisions that hold, and that are within the tolerance of the best.
    """

    name: str
    value: float
    half: float
    regret: float
    holds: float
    near: float


@dataclass(frozen=True, slots=True)
class ReviewOrder:
    """An order in which decisions are automated.

    Attributes
    ----------
    regrets : tuple of float
        Mean regret in EUR of the first so many decisions, as `SHARES` has them.
    area : float
        Area under the curve of regret by share, as a multiple of that of a random order.
    captured : float
        Share of the way from the random order to the ideal one.
    """

    name: str
    regrets: tuple[float, ...]
    area: float
    captured: float


def policy_worths(worlds: Sequence[WorldScores]) -> tuple[PolicyWorth, ...]:
    """heed's choice beside what could have been done instead."""
    chosen = [_chosen(one) for one in worlds]
    truth, cluster = [one.worth for one in worlds], np.concatenate([one.cluster for one in worlds])
    return tuple(_worth(name, truth, [each[name] for each in chosen], cluster) for name in chosen[0])


def review_orders(worlds: Sequence[WorldScores]) -> tuple[ReviewOrder, ...]:
    """heed's order beside others, all by what is known before the truth is, but the last."""
    lost = np.concatenate([regret(one.worth, one.choices.chosen) for one in worlds])
    scores = {
        "confidence": np.concatenate([one.confidence for one in worlds]),
        "least expected regret by the draws": -np.concatenate([one.choices.shortfall for one in worlds]),
        "relative gap of the top two": np.concatenate([relative_gap(_stated(one)) for one in worlds]),
        "absolute gap of the top two": np.concatenate([gap(_stated(one)) for one in worlds]),
        "random": np.zeros(len(lost)),
        "ideal": -lost,
    }
    return tuple(review_order(name, score, lost) for name, score in scores.items())


def review_order(name: str, score: Floats, lost: Floats) -> ReviewOrder:
    """The curve of one order, highest score first; equal scores count with their mean regret."""
    curve = risk_coverage(score, lost)
    taken = [max(1, round(share * len(lost))) - 1 for share in SHARES]
    captured = curve.captured
    return ReviewOrder(
        name,
        tuple(float(curve.risk[place]) for place in taken),
        curve.area / curve.by_chance if curve.by_chance > 0.0 else 1.0,
        1.0 if captured is None else captured,
    )


def regret(truth: Floats, chosen: Ints) -> Floats:
    """What the best, hold included, is worth more than the chosen, shape (n,); -1 is hold."""
    return compare_with_truth(truth, chosen, np.zeros(len(chosen))).regret


def gap(values: Floats) -> Floats:
    """By how much the greatest stated net value exceeds the second, hold's 0 among them, shape (n,)."""
    first, second = _top(values)
    return first - second


def relative_gap(values: Floats) -> Floats:
    """The same over the larger of the two in size, shape (n,): 0 where they are equal."""
    first, second = _top(values)
    size = np.maximum(np.abs(first), np.abs(second))
    return np.asarray((first - second) / np.where(size > 0.0, size, 1.0))


def best_single(truth: Floats) -> int:
    """The one action, or -1 for hold, that is worth the most if it is done wherever it may be."""
    means = np.where(np.isfinite(truth), truth, 0.0).mean(axis=0)
    return int(np.argmax(means)) if means.max() > 0.0 else HOLD_INDEX


def _top(values: Floats) -> tuple[Floats, Floats]:
    every = np.sort(np.concatenate([values, np.zeros((len(values), 1))], axis=1), axis=1)
    return every[:, -1], every[:, -2]


def _stated(one: WorldScores) -> Floats:
    """Stated net values, minus infinity where an action is not admissible."""
    return np.where(one.admitted, one.choices.net_value, -np.inf)


def _chosen(one: WorldScores) -> Mapping[str, Ints]:
    """Places of the actions that each way of choosing takes, -1 for hold."""
    count, single = len(one.cluster), best_single(one.worth)
    ideal = np.where(one.worth.max(axis=1) > 0.0, one.worth.argmax(axis=1), HOLD_INDEX)
    return {
        "the best possible": ideal,
        "heed": one.choices.chosen,
        "best single action, known in hindsight": np.where(_admits(one, single), single, HOLD_INDEX),
        "highest propensity": np.where(one.admitted, one.choices.propensity, 0.0).argmax(axis=1),
        "hold for all": np.full(count, HOLD_INDEX),
    }


def _admits(one: WorldScores, place: int) -> np.ndarray:
    """Where an action may be done, shape (n,); hold always may."""
    return np.ones(len(one.cluster), dtype=np.bool_) if place == HOLD_INDEX else one.admitted[:, place]


def _worth(name: str, truth: Sequence[Floats], chosen: Sequence[Ints], cluster: Ints) -> PolicyWorth:
    value = np.concatenate([_of(*pair) for pair in zip(truth, chosen, strict=True)])
    lost = np.concatenate([regret(*pair) for pair in zip(truth, chosen, strict=True)])
    holds = np.concatenate([each == HOLD_INDEX for each in chosen])
    near = float(np.mean(lost <= TERMS.tolerance + 1e-12))
    half = clustered_half(value, cluster)
    return PolicyWorth(name, float(value.mean()), half, float(lost.mean()), float(holds.mean()), near)


def _of(truth: Floats, chosen: Ints) -> Floats:
    worth = np.concatenate([truth, np.zeros((len(truth), 1))], axis=1)
    return worth[np.arange(len(worth)), chosen]
