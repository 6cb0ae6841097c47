"""Unobserved heterogeneity: how much the probabilities of customers with equal features differ.

Two contacts of one customer share that customer's unobserved traits. The expected product of their residuals is the
covariance of their probabilities, so its size can be estimated without observing the traits (method of moments for
generalised linear mixed models; McCulloch, Searle and Neuhaus, "Generalized, Linear, and Mixed Models", 2008). The
later contact is predicted from what was known at the earlier one, since its own features already contain the earlier
outcome. Where no customer has two contacts nothing can be estimated, and the variance is 0.

For a rare outcome, such as harm, few pairs are informative. The estimate is then shrunk towards the heterogeneity of
the same customers in the main outcome, see :class:`HeterogeneityPrior`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.sample import Indices, Sample

_MOST = 4.0
# Standard error of the prior on the share common to all actions. Only pairs of different actions are informative about
# it, and there are few of them.
_SHARE_ERROR = 0.1
# Relative standard error of a prior variance.
_EXPECTED_ERROR = 0.5
_STORED_KEYS = {"baseline": "resting", "contact": "contacted", "action": "own"}


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Variance components of customers, in log-odds squared, that no feature explains.

    Attributes
    ----------
    baseline : float
        Common to every action and to hold.
    contact : float
        Added by any contact, common to all actions.
    action : float
        Added by one action.
    """

    baseline: float = 0.0
    contact: float = 0.0
    action: float = 0.0

    @property
    def total(self) -> float:
        """Total variance of the log-odds for one customer and action."""
        return self.baseline + self.contact + self.action

    def to_dict(self) -> dict[str, float]:
        """JSON-ready form, under the keys of stored bundles."""
        return {stored: getattr(self, name) for name, stored in _STORED_KEYS.items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, float]) -> "Heterogeneity":
        """The value written by :meth:`to_dict`."""
        return cls(**{name: float(stored[key]) for name, key in _STORED_KEYS.items()})


@dataclass(frozen=True, slots=True)
class HeterogeneityPrior:
    """Prior on heterogeneity, before pairs of contacts are seen.

    Attributes
    ----------
    total : float or None
        Variance of the log-odds for one customer and action. None for no prior: the estimate is then shrunk to 0 by
        as much as sampling error explains.
    share : float
        Share common to all actions, in [0, 1]. At one half, confidence in simulated worlds is calibrated on average.
    """

    total: float | None = None
    share: float = 0.5


def estimate_heterogeneity(
    sample: Sample, probability: Floats, next_probability: Floats, prior: HeterogeneityPrior | None = None
) -> Heterogeneity:
    """Estimate heterogeneity from the residuals of contacts of the same customer.

    Parameters
    ----------
    probability : array of float, shape (n,)
        Out-of-fold prediction of each row.
    next_probability : array of float, shape (n,)
        Prediction for the customer's next row from what was known at this one; ignored where there is no next row.
    prior : HeterogeneityPrior or None
        Prior that dominates where pairs are few or uninformative.
    """
    prior = prior or HeterogeneityPrior()
    rare = float(1.0 - 2.0 * np.average(probability, weights=probability * (1.0 - probability)))
    early = np.flatnonzero(sample.next_row >= 0)
    late = sample.next_row[early]
    products = _pairs(sample, probability, early, late, next_probability[early])
    action = sample.pooling_groups.action[sample.pooling_groups.code]
    same, hold_pair = action[early] == action[late], sample.is_hold[early] | sample.is_hold[late]
    first, _ = _variance(products[:, hold_pair], sample.customer[early][hold_pair], rare)
    both, error = _variance(products[:, ~hold_pair & ~same], sample.customer[early][~hold_pair & ~same], rare)
    contacts = np.flatnonzero(~sample.is_hold)
    total, _ = _variance(
        _same_action(sample, probability, contacts, action), sample.customer[contacts], rare, prior.total
    )
    total = max(total, first)
    shared = float(np.clip(_between(both, error, prior.share * total, _SHARE_ERROR * total), first, total))
    return Heterogeneity(first, shared - first, total - shared)


def median_shift(variance: Floats | float, probability: Floats) -> Floats:
    """How far the median customer's log-odds lie below those of the mean probability, shape of `probability`.

    Averaged over customers whose log-odds vary, the shifted value gives the mean probability again, up to third order.
    """
    lower: Floats = 0.5 * variance * (1.0 - 2.0 * probability)
    return lower


def _pairs(
    sample: Sample, probability: Floats, early: Indices, late: Indices, next_probability: Floats
) -> NDArray[np.float64]:
    """Products of residuals, and products of variances, of pairs of rows: shape (2, pairs)."""
    stated = probability[early]
    product = (sample.label[early] - stated) * (sample.label[late] - next_probability)
    return np.stack([product, stated * (1.0 - stated) * next_probability * (1.0 - next_probability)])


def _same_action(sample: Sample, probability: Floats, rows: Indices, action: Indices) -> NDArray[np.float64]:
    """The same for each contact, summed over all later ones of its customer and action: shape (2, rows)."""
    both = np.unique(np.stack([sample.customer[rows], action[rows]]), axis=1, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((sample.at[rows], both))
    label = sample.label[rows][order].astype(np.float64)
    ends = np.append(np.flatnonzero(np.diff(both[order])), len(order) - 1)
    end = ends[both[order]]
    index = np.arange(len(order))
    total = np.cumsum(label)
    later, happened = end - index, total[end] - total
    stated = probability[rows][order]
    pairs = np.empty((2, len(rows)))
    pairs[0, order] = (label - stated) * (happened - later * stated)
    pairs[1, order] = later * (stated * (1.0 - stated)) ** 2
    return pairs


def _between(first: float, error: float, second: float, other_error: float) -> float:
    """Precision-weighted mean of two estimates."""
    weight = other_error**2 / max(error**2 + other_error**2, 1e-12)
    return weight * first + (1.0 - weight) * second


def _variance(
    pairs: NDArray[np.float64], customer: Indices, rare: float, expected: float | None = None
) -> tuple[float, float]:
    """Variance estimated from pairs and shrunk to the prior (to 0 without one), and its standard error."""
    product, weight = (np.bincount(np.unique(customer, return_inverse=True)[1], row) for row in pairs)
    total = float(weight.sum())
    # The covariance grows with exp(variance) - 1 for rare outcomes, and with the variance for even odds.
    square = max(rare**2, 1e-9)
    if total <= 0.0:
        return expected or 0.0, np.inf
    ratio = float(product.sum()) / total
    error = float(np.sqrt(np.sum((product - ratio * weight) ** 2))) / total
    if expected is None:
        ratio = max(ratio, 0.0)
        ratio *= ratio**2 / max(ratio**2 + error**2, 1e-12)
    else:
        # Where no pair has two outcomes the empirical error is 0, so it is bounded from below by its expectation.
        usual = float(np.expm1(square * expected)) / square
        error = max(error, float(np.sqrt((1.0 + usual) / total)))
        ratio = max(_between(ratio, error, usual, _EXPECTED_ERROR * usual), 0.0)
    return float(min(np.log1p(square * ratio) / square, _MOST)), error
