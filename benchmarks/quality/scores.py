"""What the rounds of a data set show: figures of every method, and how heed differs from it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.clustered_estimates import (
    Estimate,
    WeightedRows,
    clustered_mean,
    gains,
    jackknife,
    normalised_gain,
    normalised_rate,
    rates,
)
from benchmarks.quality.rounds import HEED, Round
from heed.training.evaluation.metrics.probability_scores import (
    calibration_error,
    calibration_error_by_chance,
    log_losses,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_CHANCE = 0.95


@dataclass(frozen=True, slots=True)
class ProbabilityScores:
    """How true a method's probabilities are.

    Attributes
    ----------
    log_loss, brier, calibration_error : Estimate
    chance : float
        What true probabilities would show as a calibration error in 1 of 20 such tests.
    log_loss_beside, brier_beside, calibration_beside : Estimate or None
        heed minus this method, row by row; None for heed itself, or where heed was not asked.
    truth : Estimate or None
        Root mean square distance from the true probability, where it is known.
    """

    method: str
    log_loss: Estimate
    brier: Estimate
    calibration_error: Estimate
    chance: float
    log_loss_beside: Estimate | None
    brier_beside: Estimate | None
    calibration_beside: Estimate | None
    truth: Estimate | None
    seconds: float


@dataclass(frozen=True, slots=True)
class PolicyScores:
    """How good a method's choices are.

    Attributes
    ----------
    acts : float
        Share of decisions that are not hold.
    rate, normalised_rate : Estimate
        Outcomes per decision by inverse propensity, plainly and with weights that sum to one.
    gain, normalised_gain : Estimate
        Worth over holding per decision, in outcomes where only they count, else in currency.
    beside, normalised_beside : Estimate or None
        heed's gain minus this one's.
    true_gain, regret, true_beside : Estimate or None
        By the truth where it is known; regret against the best allowed choice.
    """

    method: str
    acts: float
    rate: Estimate
    normalised_rate: Estimate
    gain: Estimate
    normalised_gain: Estimate
    beside: Estimate | None
    normalised_beside: Estimate | None
    true_gain: Estimate | None
    regret: Estimate | None
    true_beside: Estimate | None
    seconds: float


@dataclass(frozen=True, slots=True)
class DatasetScores:
    """All of one data set."""

    name: str
    seeds: int
    test_rows: int
    probabilities: tuple[ProbabilityScores, ...]
    policies: tuple[PolicyScores, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def score_rounds(name: str, rounds: Sequence[Round]) -> DatasetScores:
    """What all rounds of a data set show."""
    return DatasetScores(
        name=name,
        seeds=len(rounds),
        test_rows=int(np.mean([one.test.sum() for one in rounds])),
        probabilities=tuple(_probabilities(rounds, method) for method in rounds[0].said),
        policies=tuple(_policy(rounds, method) for method in rounds[0].chosen),
    )


def _probabilities(rounds: Sequence[Round], method: str) -> ProbabilityScores:
    def difference(each: Callable[[Floats, Bools], Floats]) -> Estimate | None:
        return _beside(rounds, method, rounds[0].said, lambda one, name: each(one.said[name], _label(one)))

    return ProbabilityScores(
        method=method,
        log_loss=_mean(rounds, lambda one: log_losses(one.said[method], _label(one))),
        brier=_mean(rounds, lambda one: _squares(one.said[method], _label(one))),
        calibration_error=_error(rounds, method),
        chance=float(np.mean([calibration_error_by_chance(one.said[method], _CHANCE) for one in rounds])),
        log_loss_beside=difference(log_losses),
        brier_beside=difference(_squares),
        calibration_beside=None if _alone(method, rounds[0].said) else _errors_apart(rounds, method),
        truth=_from_truth(rounds, method),
        seconds=_seconds(rounds, method),
    )


def _policy(rounds: Sequence[Round], method: str) -> PolicyScores:
    rows = [one.weighing(method) for one in rounds]
    known = rounds[0].material.world is not None
    return PolicyScores(
        method=method,
        acts=float(np.mean([one.acts.mean() for one in rows])),
        rate=_mean(rounds, lambda one: rates(one.weighing(method))),
        normalised_rate=_jackknifed(rounds, rows, normalised_rate),
        gain=_mean(rounds, lambda one: gains(one.weighing(method))),
        normalised_gain=_jackknifed(rounds, rows, normalised_gain),
        beside=_beside(rounds, method, rounds[0].chosen, lambda one, name: gains(one.weighing(name))),
        normalised_beside=None if _alone(method, rounds[0].chosen) else _gains_apart(rounds, method),
        true_gain=_mean(rounds, lambda one: _worth(one, method)) if known else None,
        regret=_mean(rounds, lambda one: _ideal(one) - _worth(one, method)) if known else None,
        true_beside=_beside(rounds, method, rounds[0].chosen, _worth) if known else None,
        seconds=_seconds(rounds, method),
    )


def _mean(rounds: Sequence[Round], of: Callable[[Round], Floats]) -> Estimate:
    return clustered_mean([of(one) for one in rounds], [_clusters(one) for one in rounds])


def _beside(
    rounds: Sequence[Round], method: str, told: dict[str, Any], of: Callable[[Round, str], Floats]
) -> Estimate | None:
    return None if _alone(method, told) else _mean(rounds, lambda one: of(one, HEED) - of(one, method))


def _alone(method: str, told: dict[str, Any]) -> bool:
    return method == HEED or HEED not in told


def _error(rounds: Sequence[Round], method: str) -> Estimate:
    def measure(seed: int, kept: Bools) -> float:
        one = rounds[seed]
        return calibration_error(one.said[method][kept], _label(one)[kept])

    return jackknife(measure, [_clusters(one) for one in rounds])


def _errors_apart(rounds: Sequence[Round], method: str) -> Estimate:
    def measure(seed: int, kept: Bools) -> float:
        one, label = rounds[seed], _label(rounds[seed])[kept]
        return calibration_error(one.said[HEED][kept], label) - calibration_error(one.said[method][kept], label)

    return jackknife(measure, [_clusters(one) for one in rounds])


def _jackknifed(
    rounds: Sequence[Round], rows: Sequence[WeightedRows], of: Callable[[WeightedRows, Bools], float]
) -> Estimate:
    return jackknife(lambda seed, kept: of(rows[seed], kept), [_clusters(one) for one in rounds])


def _gains_apart(rounds: Sequence[Round], method: str) -> Estimate:
    ours, theirs = ([one.weighing(name) for one in rounds] for name in (HEED, method))

    def measure(seed: int, kept: Bools) -> float:
        return normalised_gain(ours[seed], kept) - normalised_gain(theirs[seed], kept)

    return jackknife(measure, [_clusters(one) for one in rounds])


def _from_truth(rounds: Sequence[Round], method: str) -> Estimate | None:
    if rounds[0].material.world is None:
        return None

    def measure(seed: int, kept: Bools) -> float:
        one = rounds[seed]
        return float(np.sqrt(np.mean((one.said[method] - _true_propensity(one))[kept] ** 2)))

    return jackknife(measure, [_clusters(one) for one in rounds])


def _true_propensity(one: Round) -> Floats:
    world = one.material.world
    if world is None:
        raise ValueError(f"nobody knows the truth of {one.material.name}")
    return world.propensity()[one.material.rows[one.test]]


def _true_worth(one: Round) -> Floats:
    world = one.material.world
    if world is None:
        raise ValueError(f"nobody knows the truth of {one.material.name}")
    return world.worth(harm_cost=0.0)[one.material.rows[one.test]]


def _worth(one: Round, method: str) -> Floats:
    worth = _true_worth(one)
    return np.asarray((one.chosen[method] * worth).sum(axis=1))


def _ideal(one: Round) -> Floats:
    allowed = np.hstack([one.material.allowed[one.test], np.ones((int(one.test.sum()), 1), dtype=np.bool_)])
    return np.asarray(np.where(allowed, _true_worth(one), -np.inf).max(axis=1))


def _squares(said: Floats, label: Bools) -> Floats:
    return (said - label) ** 2


def _label(one: Round) -> Bools:
    return one.material.label[one.test]


def _clusters(one: Round) -> NDArray[np.int64]:
    return one.material.groups[one.test]


def _seconds(rounds: Sequence[Round], method: str) -> float:
    return float(np.mean([one.seconds.get(method, 0.0) for one in rounds]))
