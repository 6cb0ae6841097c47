"""What the model does not know: a Laplace posterior on the values of the leaves.

Given the trees' structure, the booster is a logistic regression on leaf indicators. Its negative log-likelihood is
approximated by a parabola at the fitted values, with a normal prior on what each leaf may be off by: a normal posterior
of precision ``Phi' diag(p (1 - p)) Phi + prior I`` (MacKay, "A practical Bayesian framework for backpropagation
networks", Neural Computation 4, 1992, for the approximation). Its draws are joint: candidates that share leaves err
together.

That says where the model knows little, but not how little: the structure was learnt too, boosting shrinks, and early
stopping stops early. The size therefore comes from a rehearsal, see :mod:`heed.training.model.parametric_bootstrap`.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.stats import norm

from heed.decisioning.score import Floats
from heed.training.model.scoring_kernel import gram_matrix, sum_deviations

DRAWS = 64
LEVEL = 0.90
# In simulated worlds every prior from 100 to 2,000 ranked customers by error equally well, and less did worse.
PRIOR_PRECISION = 100.0
_GRAM_ROWS = 6_000
_SCALE_BOUNDS = (0.5, 5.0)
# Between knots a line is good to a thousandth of a standard deviation, and beyond the last it is exact.
_SKEWS: Floats = np.linspace(0.0, 4.0, 161)
_HALVINGS = 60


@dataclass(frozen=True, eq=False)
class LeafPosterior:
    """Joint draws of what the leaves' values are off by.

    Attributes
    ----------
    deviations : array of float32, shape (known, K)
        Of the first so many leaves, in log-odds of the margin, scale included; the others are off by nothing of their
        own.
    scale : float
        The factor by which the Laplace posterior was stretched.
    level : float
        Stated level of the intervals, in (0, 1).
    shortest : bool
        Whether intervals are as short as the level allows; else both tails are as likely, as they were once.
    """

    deviations: NDArray[np.float32]
    scale: float = 1.0
    level: float = LEVEL
    shortest: bool = True

    @property
    def reach(self) -> float:
        """Half width of the interval, in standard deviations."""
        return float(norm.ppf(0.5 + self.level / 2.0))

    @property
    def tilt(self) -> float:
        """1 where intervals are the shortest, 0 where their tails are equal."""
        return float(self.shortest)

    @cached_property
    def reaches(self) -> tuple[Floats, Floats]:
        """Skews, and how far intervals reach on their longer side, each of shape (knots,)."""
        return _SKEWS, highest_density_reach(_SKEWS, self.level)

    def spread(self, places: NDArray[np.int32]) -> Floats:
        """Standard deviation of the margin of rows with these leaves, shape (n,)."""
        off = sum_deviations(places, self.deviations).astype(np.float64)
        spread: Floats = np.sqrt(np.mean(off**2, axis=1))
        return spread

    def scaled(self, factor: float) -> "LeafPosterior":
        """The same posterior, stretched."""
        return replace(self, deviations=np.float32(factor) * self.deviations, scale=self.scale * factor)


def fit_posterior(places: NDArray[np.int32], margin: Floats, leaves: int, seed: int) -> LeafPosterior:
    """The posterior of a fitted booster, of scale 1.

    Parameters
    ----------
    places : array of int32, shape (n, trees)
        Leaves of the rows the booster was fitted on. A seeded sample of at most 6,000 stands for all.
    margin : array of float, shape (n,)
        What the booster says of them, in log-odds.
    leaves : int
        How many there are in all trees.
    """
    generator = np.random.default_rng(seed)
    taken = min(len(places), _GRAM_ROWS)
    rows = np.sort(generator.choice(len(places), size=taken, replace=False))
    odds = np.exp(-np.abs(margin[rows]))
    weight = odds / (1.0 + odds) ** 2 * (len(places) / taken)
    precision = gram_matrix(places[rows], weight.astype(np.float32), leaves)
    precision[np.diag_indices(leaves)] += np.float32(PRIOR_PRECISION)
    factor = cholesky(precision, lower=True, overwrite_a=True, check_finite=False)
    standard = generator.standard_normal((leaves, DRAWS), dtype=np.float32)
    draws = solve_triangular(factor, standard, trans="T", lower=True, check_finite=False)
    return LeafPosterior(np.ascontiguousarray(draws, dtype=np.float32))


def highest_density_reach(skew: Floats, level: float) -> Floats:
    """How far the shortest interval of a probability reaches on its longer side, in standard deviations of log-odds.

    Where log-odds are normal, both ends of the shortest interval of the probability are as dense. With ``p`` and ``s``
    for the probability and the standard deviation that is so where one side reaches ``2 s (1 - 2 p)`` further than the
    other: exactly for small probabilities, nearly for others. In most of what can be, a small probability is smaller
    still, and the interval goes with it (highest density; Hyndman, "Computing and graphing highest density regions",
    The American Statistician 50, 1996).

    Parameters
    ----------
    skew : array of float, shape (n,)
        ``s (1 - 2 p)`` without its sign; at least 0.
    level : float
        In (0, 1).

    Returns
    -------
    array of float, shape (n,)
        The other side reaches ``2 skew`` less far; together they hold the level.
    """
    least = np.full(len(skew), norm.ppf(level))
    most = np.full(len(skew), norm.ppf(0.5 + level / 2.0))
    for _ in range(_HALVINGS):
        near = 0.5 * (least + most)
        enough = norm.cdf(near) + norm.cdf(near + 2.0 * skew) - 1.0 >= level
        least, most = np.where(enough, least, near), np.where(enough, near, most)
    longer: Floats = most + 2.0 * skew
    return longer


def coverage_scale(error: Floats, spread: Floats, other: Floats, level: float = LEVEL) -> float:
    """The factor on `spread` at which a share `level` of the errors lies within the interval.

    Parameters
    ----------
    error : array of float, shape (n,)
        Distance from the truth.
    spread, other : array of float, shape (n,)
        Standard deviations: the one to be stretched, greater than 0, and one beside it that stays, at least 0.

    Returns
    -------
    float
        Between 0.5 and 5, whatever the errors: beyond that a rehearsal says more of its own luck.
    """
    reach = norm.ppf(0.5 + level / 2.0)
    # Each row asks for a factor of its own; 0 where what stays is wide enough already.
    asked = np.sqrt(np.maximum((error / reach) ** 2 - other**2, 0.0)) / spread
    return float(np.clip(np.quantile(asked, level), *_SCALE_BOUNDS))
