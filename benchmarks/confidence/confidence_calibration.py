"""Whether stated confidence is how often the choice was within the tolerance of the best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from benchmarks.confidence.deciles import Bools, Group, Ints, deciles, gap_by_chance, largest_gap
from benchmarks.confidence.worlds import TERMS, WorldScores
from heed.decisioning.score import ConfidenceMap, Floats, tolerance_ratio
from heed.training.evaluation.metrics.choice_regret import compare_with_truth
from heed.training.model.uncertainty import DRAWS

LEAST = 500


@dataclass(frozen=True, slots=True)
class WorldCalibration:
    """The confidence of one world, or of all.

    Attributes
    ----------
    stated, true : float
        Mean confidence, and share of choices within the tolerance of the best.
    worst : Group
        The tenth that is furthest off, of those with 500 decisions.
    by_chance : float
        How far the worst tenth would be off on the average if every statement were true.
    """

    name: str
    decisions: int
    customers: int
    stated: float
    true: float
    worst: Group
    by_chance: float


@dataclass(frozen=True, slots=True)
class ConfidenceCalibration:
    """Stated against realised.

    Attributes
    ----------
    others : tuple of (float, tuple of Group)
        Tenths of what is served at other tolerances, each with its tolerance in EUR.
    """

    tenths: tuple[Group, ...]
    share_tenths: tuple[Group, ...]
    worlds: tuple[WorldCalibration, ...]
    share_worlds: tuple[WorldCalibration, ...]
    others: tuple[tuple[float, tuple[Group, ...]], ...]


@dataclass(frozen=True, slots=True)
class LearnedTrust:
    """Constants that these worlds teach.

    Attributes
    ----------
    worlds : tuple of str
        Their names.
    by_world : tuple of ConfidenceMap
        Learnt from one world each, to see how far they differ.
    left_out : tuple of Group
        The worst tenth of each world under the constants that the others teach.
    left_out_tenths : tuple of (float, tuple of Group)
        Tenths of all worlds together, each under the constants that the others teach, with the tolerance in EUR.
    """

    trust: ConfidenceMap
    worlds: tuple[str, ...]
    by_world: tuple[ConfidenceMap, ...]
    left_out: tuple[Group, ...]
    left_out_tenths: tuple[tuple[float, tuple[Group, ...]], ...]


def within_tolerance(one: WorldScores, tolerance: float = TERMS.tolerance) -> Bools:
    """Which choices were within the tolerance of the best, shape (n,)."""
    return compare_with_truth(one.worth, one.choices.chosen, one.choices.confidence, tolerance).good


def confidence_calibration(worlds: Sequence[WorldScores]) -> ConfidenceCalibration:
    """Pooled, and world by world."""
    right, whose = [within_tolerance(one) for one in worlds], [one.cluster for one in worlds]
    names = [f"world {one.seed}" for one in worlds]
    served, share = [one.confidence for one in worlds], [one.choices.confidence for one in worlds]
    together, customers = np.concatenate(right), np.concatenate(whose)
    pooled, pooled_share = (_tenths(np.concatenate(said), together, customers) for said in (served, share))
    each, each_share = (_each(names, said, right, whose) for said in (served, share))
    return ConfidenceCalibration(pooled, pooled_share, each, each_share, _others(worlds, customers))


def _others(worlds: Sequence[WorldScores], customers: Ints) -> tuple[tuple[float, tuple[Group, ...]], ...]:
    found = []
    for tolerance in worlds[0].shares:
        said = np.concatenate([one.stated(tolerance, one.trust) for one in worlds])
        right = np.concatenate([within_tolerance(one, tolerance) for one in worlds])
        found.append((tolerance, _tenths(said, right, customers)))
    return tuple(found)


def one_world(name: str, stated: Floats, right: Bools, cluster: Ints) -> WorldCalibration:
    """What there is to say of one set of n decisions, n at least 500."""
    found = _tenths(stated, right, cluster)
    return WorldCalibration(
        name,
        len(stated),
        len(np.unique(cluster)),
        float(stated.mean()),
        float(right.mean()),
        largest_gap(found),
        gap_by_chance(found),
    )


def learn_trust(share: Floats, room: Floats, right: Bools) -> ConfidenceMap:
    """The constants by logistic regression of what was right on the log-odds of the share of the draws and the leeway.

    Parameters
    ----------
    share : array of float, shape (n,)
        Shares of 0 and 1 count as half a draw less extreme.
    room : array of float, shape (n,)
        Leeways, see :func:`heed.decisioning.score.tolerance_ratio`.
    """
    least = 0.5 / DRAWS
    told = np.stack([logit(np.clip(share, least, 1.0 - least)), room], axis=1)
    fitted = LogisticRegression(C=np.inf, tol=1e-8).fit(told, right)
    slope, wide = fitted.coef_[0]
    return ConfidenceMap(float(slope), float(fitted.intercept_[0]), float(wide))


def learned_trust(worlds: Sequence[WorldScores]) -> LearnedTrust:
    """The constants of all worlds and tolerances, and what those of the others are worth in each."""
    several = worlds if len(worlds) > 1 else ()
    judged = [(one, trust_of_others([other for other in worlds if other is not one])) for one in several]
    return LearnedTrust(
        trust_of_others(worlds),
        tuple(f"world {one.seed}" for one in worlds),
        tuple(trust_of_others([one]) for one in worlds),
        tuple(largest_gap(_judged([one], TERMS.tolerance)) for one in judged),
        tuple((tolerance, _judged(judged, tolerance)) for tolerance in _tolerances(worlds)) if judged else (),
    )


def trust_of_others(worlds: Sequence[WorldScores]) -> ConfidenceMap:
    """The constants that these worlds teach at all their tolerances together."""
    asked = [(one, tolerance) for one in worlds for tolerance in _tolerances(worlds)]
    return learn_trust(
        np.concatenate([one.share(tolerance) for one, tolerance in asked]),
        np.concatenate([tolerance_ratio(tolerance, one.choices.shortfall) for one, tolerance in asked]),
        np.concatenate([within_tolerance(one, tolerance) for one, tolerance in asked]),
    )


def _tolerances(worlds: Sequence[WorldScores]) -> tuple[float, ...]:
    return (TERMS.tolerance, *worlds[0].shares)


def _judged(worlds: Sequence[tuple[WorldScores, ConfidenceMap]], tolerance: float) -> tuple[Group, ...]:
    """Tenths of these worlds together, each under constants of its own."""
    said = np.concatenate([one.stated(tolerance, trust) for one, trust in worlds])
    right = np.concatenate([within_tolerance(one, tolerance) for one, _ in worlds])
    return _tenths(said, right, np.concatenate([one.cluster for one, _ in worlds]))


def _each(
    names: Sequence[str], stated: Sequence[Floats], right: Sequence[Bools], cluster: Sequence[Ints]
) -> tuple[WorldCalibration, ...]:
    singly = [one_world(*parts) for parts in zip(names, stated, right, cluster, strict=True)]
    together = one_world("all", np.concatenate(stated), np.concatenate(right), np.concatenate(cluster))
    return (*singly, together)


def _tenths(stated: Floats, right: Bools, cluster: Ints) -> tuple[Group, ...]:
    return deciles(stated, right.astype(np.float64), cluster, LEAST)
