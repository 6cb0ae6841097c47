"""P-values of the hypothesis that a mean loss exceeds a bound, valid for every sample size.

References
----------
Angelopoulos, Bates, Candes, Jordan, Lei, "Learn then Test: Calibrating Predictive Algorithms to Achieve Risk Control",
arXiv:2110.01052 (2021), for the binomial and the Hoeffding-Bentkus p-value.
Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", Journal of the Royal Statistical
Society B 86 (2024), arXiv:2010.09686, for the capital of a bettor; here the mixture of constant bets.
"""

import numpy as np
from scipy.special import betainc, logsumexp, xlogy
from scipy.stats import binom

from heed.decisioning.score import Floats

# Fractions of the largest bet that cannot ruin the bettor, mixed with equal stakes.
_STAKES: Floats = np.linspace(0.01, 0.99, 99)
_ROUNDING = 1e-9


def binomial(total: float, count: float, alpha: float) -> float:
    """For losses 0 or 1: the probability of at most `total` among `count` if each had probability `alpha`.

    Parameters
    ----------
    total, count : float
        Whole numbers; fractions are interpolated by the incomplete beta function.
    alpha : float
        In [0, 1].

    Returns
    -------
    float
        In [0, 1]; exact for independent losses of equal probability, and below one half also valid where the
        probabilities differ (Hoeffding 1956).
    """
    return 1.0 if total >= count else float(betainc(count - total, total + 1.0, 1.0 - alpha))


def hoeffding_bentkus(total: float, count: float, alpha: float) -> float:
    """For independent losses in [0, 1] with sum `total`: the smaller of Hoeffding's and Bentkus's bound.

    Parameters
    ----------
    alpha : float
        In (0, 1).
    """
    if count == 0:
        return 1.0
    mean = min(total / count, alpha)
    hoeffding = np.exp(-count * _divergence(mean, alpha))
    bentkus = np.e * binom.cdf(np.ceil(total - _ROUNDING), np.floor(count), alpha)
    return float(min(1.0, hoeffding, bentkus))


def betting(excess: Floats, bound: float, times: float = 1.0) -> float:
    """For independent, possibly weighted excesses over the bound: one over the capital of a bettor against them.

    The bettor bets that the mean excess is negative. If it is not, the capital does not grow in expectation, so by
    Markov's inequality it exceeds 1 / delta with probability at most delta. Row order has no effect.

    Parameters
    ----------
    excess : array of float, shape (n,)
        Loss minus alpha, times weight.
    bound : float
        Positive upper bound on an excess; excesses need no lower bound.
    times : float
        How often to repeat the rows, to extrapolate to a larger sample.
    """
    wealth = times * np.log1p(-np.outer(_STAKES, excess / bound)).sum(axis=1)
    capital = logsumexp(wealth) - np.log(len(_STAKES))
    return float(np.exp(-max(0.0, capital)))


def _divergence(mean: float, alpha: float) -> float:
    """Relative entropy between two Bernoulli distributions."""
    return float(
        xlogy(mean, mean) - xlogy(mean, alpha) + xlogy(1.0 - mean, 1.0 - mean) - xlogy(1.0 - mean, 1.0 - alpha)
    )
