"""Uplift and Qini curves: how well a ranking by uplift finds persuadable customers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.estimate import Ints

_DRAWS = 100


@dataclass(frozen=True, eq=False)
class Curve:
    """Gain from treating the top share, in outcomes per contact.

    Attributes
    ----------
    share, gain : array of float, shape (points,)
        Shares from 0 to 1 and the gain at each; both start at 0.
    """

    share: Floats
    gain: Floats

    @property
    def area(self) -> float:
        """Area under the curve."""
        return float(np.trapezoid(self.gain, self.share))

    @property
    def beyond_chance(self) -> float:
        """Area between the curve and the straight line of a random ranking."""
        return self.area - float(self.gain[-1]) / 2.0

    def resampled(self, steps: int = 50) -> "Curve":
        """The curve at evenly spaced shares, for plots and storage."""
        share = np.linspace(0.0, 1.0, steps + 1)
        return Curve(share, np.interp(share, self.share, self.gain))


def uplift_curve(uplift: Floats, happened: Floats, treated: NDArray[np.bool_], weight: Floats) -> Curve:
    """Share of all rows, times the difference in mean outcome between treated and held among them.

    Multiplied by the number of rows, and with weights of 1, it is the curve of Jaskowski and Jaroszewicz, "Uplift
    modeling for clinical trial data" (2012). See :func:`qini_curve` for the arguments.
    """
    held, taken = _arms(_Ranking.by(uplift), happened, treated, weight)
    share = _share(held.weight + taken.weight)
    return Curve(share, share * (taken.mean - held.mean))


def qini_curve(uplift: Floats, happened: Floats, treated: NDArray[np.bool_], weight: Floats) -> Curve:
    """Share of the treated, times the difference in mean outcome between treated and held among the top.

    Multiplied by the number of treated, and with weights of 1, it is the curve of Radcliffe, "Using control groups to
    target on predicted lift" (2007): outcomes among the treated minus those of the held, scaled to the same number.

    Parameters
    ----------
    uplift : array of float, shape (n,)
        Predicted uplift; rows of equal uplift enter together.
    happened : array of float, shape (n,)
        The outcome.
    treated : array of bool, shape (n,)
        Contacted rather than held.
    weight : array of float, shape (n,)
        1, or the inverse of the logged propensity.
    """
    return _qini(_Ranking.by(uplift), happened, treated, weight)


def qini_by_chance(
    uplift: Floats, happened: Floats, treated: NDArray[np.bool_], weight: Floats, cluster: Ints, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of the area beyond chance, by a seeded Poisson bootstrap of customers."""
    generator, ranking = np.random.default_rng(seed), _Ranking.by(uplift)
    codes = np.unique(cluster, return_inverse=True)[1]
    areas = []
    for _ in range(_DRAWS):
        counts = generator.poisson(1.0, codes.max() + 1)[codes]
        areas.append(_qini(ranking, happened, treated, weight * counts).beyond_chance)
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True, eq=False)
class _Ranking:
    """Rows by falling uplift, and where each run of equal uplift ends."""

    order: Ints
    ends: Ints

    @classmethod
    def by(cls, uplift: Floats) -> "_Ranking":
        order = np.argsort(-uplift, kind="stable")
        return cls(order, np.append(np.flatnonzero(np.diff(uplift[order])), len(order) - 1))

    def cumulative(self, values: Floats) -> Floats:
        """Cumulative sums by falling uplift, starting at 0."""
        return np.concatenate([[0.0], np.cumsum(values[self.order])[self.ends]])


@dataclass(frozen=True, eq=False)
class _Arm:
    """Weight and mean outcome of one arm among the top; the mean is 0 where it has no rows."""

    weight: Floats
    mean: Floats


def _qini(ranking: _Ranking, happened: Floats, treated: NDArray[np.bool_], weight: Floats) -> Curve:
    held, taken = _arms(ranking, happened, treated, weight)
    return Curve(_share(held.weight + taken.weight), _share(taken.weight) * (taken.mean - held.mean))


def _arms(ranking: _Ranking, happened: Floats, treated: NDArray[np.bool_], weight: Floats) -> tuple[_Arm, _Arm]:
    return _arm(ranking, happened, weight * ~treated), _arm(ranking, happened, weight * treated)


def _arm(ranking: _Ranking, happened: Floats, weight: Floats) -> _Arm:
    size, outcomes = ranking.cumulative(weight), ranking.cumulative(weight * happened)
    return _Arm(size, np.divide(outcomes, size, out=np.zeros_like(outcomes), where=size > 0))


def _share(size: Floats) -> Floats:
    total = size[-1]
    return size / total if total > 0 else size
