"""Model uncertainty: a Laplace posterior over the leaf values.

Given the trees' structure, the booster is a logistic regression on leaf indicators. Its negative log-likelihood is
approximated by a quadratic at the fitted values, with a normal prior on the error of each leaf: a normal posterior of
precision ``Phi' diag(p (1 - p)) Phi + prior I`` (MacKay, "A practical Bayesian framework for backpropagation networks",
Neural Computation 4, 1992, for the approximation). Draws are joint: the errors of candidates that share leaves are
correlated.

The posterior gives the relative size of errors, not the absolute one, because it ignores that the tree structure was
learned too, shrinkage and early stopping. Its scale comes from a parametric bootstrap, see
:mod:`heed.training.model.parametric_bootstrap`.
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
# In simulated worlds priors from 100 to 2,000 rank customers by error equally well; smaller ones do worse.
PRIOR_PRECISION = 100.0
_GRAM_ROWS = 6_000
_SCALE_BOUNDS = (0.5, 5.0)
# Linear interpolation is exact to a thousandth of a standard deviation between knots, and exact beyond the last.
_SKEWS: Floats = np.linspace(0.0, 4.0, 161)
_BISECTIONS = 60


@dataclass(frozen=True, eq=False)
class LeafPosterior:
    """Joint posterior draws of the errors of leaf values.

    Attributes
    ----------
    deviations : array of float32, shape (known, K)
        Errors of the first `known` leaves, in log-odds, scale included; the other leaves have none.
    scale : float
        Factor applied to the Laplace posterior.
    level : float
        Nominal coverage of the intervals, in (0, 1).
    shortest : bool
        Whether intervals are the shortest of their level; otherwise, in old bundles, they have equal tails.
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
        """1 for the shortest intervals, 0 for equal tails."""
        return float(self.shortest)

    @cached_property
    def reaches(self) -> tuple[Floats, Floats]:
        """Skews, and the length of the longer side of intervals, each of shape (knots,)."""
        return _SKEWS, highest_density_reach(_SKEWS, self.level)

    def spread(self, indices: NDArray[np.int32]) -> Floats:
        """Standard deviation of the margin of rows with these leaves, shape (n,)."""
        off = sum_deviations(indices, self.deviations).astype(np.float64)
        spread: Floats = np.sqrt(np.mean(off**2, axis=1))
        return spread

    def scaled(self, factor: float) -> "LeafPosterior":
        """The same posterior with its standard deviations multiplied by a factor."""
        return replace(self, deviations=np.float32(factor) * self.deviations, scale=self.scale * factor)


def fit_posterior(indices: NDArray[np.int32], margin: Floats, leaves: int, seed: int) -> LeafPosterior:
    """The posterior of a trained booster, with scale 1.

    Parameters
    ----------
    indices : array of int32, shape (n, trees)
        Leaf indices of the training rows. At most 6,000 rows, sampled with the seed, are used.
    margin : array of float, shape (n,)
        Their margins, in log-odds.
    leaves : int
        Number of leaves in all trees.
    """
    generator = np.random.default_rng(seed)
    taken = min(len(indices), _GRAM_ROWS)
    rows = np.sort(generator.choice(len(indices), size=taken, replace=False))
    odds = np.exp(-np.abs(margin[rows]))
    weight = odds / (1.0 + odds) ** 2 * (len(indices) / taken)
    precision = gram_matrix(indices[rows], weight.astype(np.float32), leaves)
    precision[np.diag_indices(leaves)] += np.float32(PRIOR_PRECISION)
    factor = cholesky(precision, lower=True, overwrite_a=True, check_finite=False)
    standard = generator.standard_normal((leaves, DRAWS), dtype=np.float32)
    draws = solve_triangular(factor, standard, trans="T", lower=True, check_finite=False)
    return LeafPosterior(np.ascontiguousarray(draws, dtype=np.float32))


def highest_density_reach(skew: Floats, level: float) -> Floats:
    """Length of the longer side of a probability's shortest interval, in standard deviations of log-odds.

    With normal log-odds the density of the probability is equal at both ends of its shortest interval. For probability
    ``p`` and standard deviation ``s`` this holds where one side is longer than the other by ``2 s (1 - 2 p)``: exactly
    for small probabilities, approximately for others (highest density region; Hyndman, "Computing and graphing highest
    density regions", The American Statistician 50, 1996).

    Parameters
    ----------
    skew : array of float, shape (n,)
        Absolute value of ``s (1 - 2 p)``, at least 0.
    level : float
        In (0, 1).

    Returns
    -------
    array of float, shape (n,)
        The other side is shorter by ``2 skew``; the interval has the given level.
    """
    least = np.full(len(skew), norm.ppf(level))
    most = np.full(len(skew), norm.ppf(0.5 + level / 2.0))
    for _ in range(_BISECTIONS):
        near = 0.5 * (least + most)
        enough = norm.cdf(near) + norm.cdf(near + 2.0 * skew) - 1.0 >= level
        least, most = np.where(enough, least, near), np.where(enough, near, most)
    longer: Floats = most + 2.0 * skew
    return longer


def coverage_scale(error: Floats, spread: Floats, other: Floats, level: float = LEVEL) -> float:
    """The factor on `spread` at which the intervals cover a share `level` of the errors.

    Parameters
    ----------
    error : array of float, shape (n,)
        Differences from the truth.
    spread, other : array of float, shape (n,)
        Standard deviations: the one to be scaled, greater than 0, and a fixed one, at least 0.

    Returns
    -------
    float
        Clipped to 0.5 and 5: beyond that the estimate is mostly noise.
    """
    reach = norm.ppf(0.5 + level / 2.0)
    # The factor that each row needs; 0 where the fixed part alone covers the error.
    factors = np.sqrt(np.maximum((error / reach) ** 2 - other**2, 0.0)) / spread
    return float(np.clip(np.quantile(factors, level), *_SCALE_BOUNDS))
