"""P-values of the hypothesis that a mean loss lies above a bound, each valid for every sample size.

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

# Shares of the largest bet that can never ruin the bettor, all followed at once with equal stakes.
_STAKES: Floats = np.linspace(0.01, 0.99, 99)
_ROUNDING = 1e-9


def binomial(total: float, count: float, alpha: float) -> float:
    """Of losses that are 0 or 1: the chance of no more than `total` among `count` if each had probability `alpha`.

    Parameters
    ----------
    total, count : float
        Whole numbers; between them the chance is interpolated, as the incomplete beta function does.
    alpha : float
        In [0, 1].

    Returns
    -------
    float
        In [0, 1]; exact where losses are independent with one probability, and below one half also valid where their
        probabilities differ (Hoeffding 1956).
    """
    return 1.0 if total >= count else float(betainc(count - total, total + 1.0, 1.0 - alpha))


def hoeffding_bentkus(total: float, count: float, alpha: float) -> float:
    """Of independent losses in [0, 1] with the sum `total`: the lesser of Hoeffding's and Bentkus's bound.

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
    """Of independent excesses over the bound, which may be weighted: one over what a bettor against them would own.

    The bettor holds that the mean excess is negative. If it is not, the capital is expected not to grow, so by
    Markov's inequality it exceeds 1 / delta with probability delta at most. The order of the rows changes nothing.

    Parameters
    ----------
    excess : array of float, shape (n,)
        Loss less alpha, times weight.
    bound : float
        Positive, and no excess can ever be larger; how far below 0 they may go does not matter.
    times : float
        How often to play the same rows: what a larger sample like this one would say. 1 for what this one says.
    """
    wealth = times * np.log1p(-np.outer(_STAKES, excess / bound)).sum(axis=1)
    capital = logsumexp(wealth) - np.log(len(_STAKES))
    return float(np.exp(-max(0.0, capital)))


def _divergence(mean: float, alpha: float) -> float:
    """Relative entropy of one coin to another."""
    return float(
        xlogy(mean, mean) - xlogy(mean, alpha) + xlogy(1.0 - mean, 1.0 - mean) - xlogy(1.0 - mean, 1.0 - alpha)
    )
