"""What no feature tells of a customer: how much the probabilities of people vary who look the same.

Two contacts of one customer share what is hidden of that customer. Seen from the moment of the earlier one, the product
of their residuals has the mean of the covariance of their probabilities, by which its size can be told without ever
seeing it (method of moments for generalised linear mixed models; McCulloch, Searle and Neuhaus, "Generalized, Linear,
and Mixed Models", 2008). The later contact must be judged by what was known at the earlier one: its own features
already know what came of that. Where every customer was contacted once nothing can be told, and nothing is added.

Of a rare outcome, such as harm, few pairs ever speak. What is hidden there is drawn to what is hidden of the same
customers elsewhere, see :class:`HeterogeneityPrior`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.sample import Indices, Sample

_MOST = 4.0
# How much of what is hidden is common to all actions shows only in pairs of different actions, of which few are ever
# alike enough: so sure is what is expected of it.
_SHARE_ERROR = 0.1
# An expected variance may be off by so much of itself.
_EXPECTED_ERROR = 0.5


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Variances, in log-odds squared, of what features do not tell of a customer.

    Attributes
    ----------
    resting : float
        The same for every action and for hold.
    contacted : float
        The same for every action, on top.
    own : float
        Of one action, on top.
    """

    resting: float = 0.0
    contacted: float = 0.0
    own: float = 0.0

    @property
    def total(self) -> float:
        """Variance of the log-odds of one customer and action."""
        return self.resting + self.contacted + self.own

    def to_dict(self) -> dict[str, float]:
        """JSON-ready form."""
        return {"resting": self.resting, "contacted": self.contacted, "own": self.own}

    @classmethod
    def from_dict(cls, stored: Mapping[str, float]) -> "Heterogeneity":
        """The value written by :meth:`to_dict`."""
        return cls(**{name: float(value) for name, value in stored.items()})


@dataclass(frozen=True, slots=True)
class HeterogeneityPrior:
    """What is taken to be hidden before pairs of contacts speak.

    Attributes
    ----------
    total : float or None
        Variance of the log-odds of one customer and action; None where nothing is known of it, and what pairs show is
        drawn to 0 as far as it may be chance.
    share : float
        How much of it is common to all actions, in [0, 1]. At a half confidence in simulated worlds is right on the
        average of many decisions.
    """

    total: float | None = None
    share: float = 0.5


def estimate_heterogeneity(
    sample: Sample, probability: Floats, foreseen: Floats, expected: HeterogeneityPrior | None = None
) -> Heterogeneity:
    """What is hidden, from the residuals of contacts of the same customer.

    Parameters
    ----------
    probability : array of float, shape (n,)
        Of each row, by a model that has not seen its customer.
    foreseen : array of float, shape (n,)
        That of the customer's next row as it looked at the moment of this one; anything where there is no next row.
    expected : HeterogeneityPrior or None
        What pairs that say little leave standing; nothing is known where none is given.
    """
    before = expected or HeterogeneityPrior()
    rare = float(1.0 - 2.0 * np.average(probability, weights=probability * (1.0 - probability)))
    early = np.flatnonzero(sample.following >= 0)
    late = sample.following[early]
    mixed = _pairs(sample, probability, early, late, foreseen[early])
    action = sample.pooling_groups.action[sample.pooling_groups.code]
    same, resting = action[early] == action[late], sample.held[early] | sample.held[late]
    first, _ = _variance(mixed[:, resting], sample.customer[early][resting], rare)
    both, error = _variance(mixed[:, ~resting & ~same], sample.customer[early][~resting & ~same], rare)
    one = np.flatnonzero(~sample.held)
    total, _ = _variance(_same_action(sample, probability, one, action), sample.customer[one], rare, before.total)
    total = max(total, first)
    shared = float(np.clip(_between(both, error, before.share * total, _SHARE_ERROR * total), first, total))
    return Heterogeneity(first, shared - first, total - shared)


def median_shift(variance: Floats | float, probability: Floats) -> Floats:
    """How far below the log-odds of a probability those of its people lie in the middle, shape of `probability`.

    The mean over people whose log-odds vary is then that probability again, up to the third order of the variance.
    """
    lower: Floats = 0.5 * variance * (1.0 - 2.0 * probability)
    return lower


def _pairs(sample: Sample, probability: Floats, early: Indices, late: Indices, foreseen: Floats) -> NDArray[np.float64]:
    """Products of the residuals, and of the variances, of pairs of rows, shape (2, pairs)."""
    stated = probability[early]
    product = (sample.label[early] - stated) * (sample.label[late] - foreseen)
    return np.stack([product, stated * (1.0 - stated) * foreseen * (1.0 - foreseen)])


def _same_action(sample: Sample, probability: Floats, rows: Indices, action: Indices) -> NDArray[np.float64]:
    """The same for every contact with all later ones of its customer and action, summed: shape (2, rows).

    The later ones are judged as they looked at the earlier.
    """
    both = np.unique(np.stack([sample.customer[rows], action[rows]]), axis=1, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((sample.at[rows], both))
    label = sample.label[rows][order].astype(np.float64)
    ends = np.append(np.flatnonzero(np.diff(both[order])), len(order) - 1)
    end = ends[both[order]]
    place = np.arange(len(order))
    total = np.cumsum(label)
    later, happened = end - place, total[end] - total
    stated = probability[rows][order]
    found = np.empty((2, len(rows)))
    found[0, order] = (label - stated) * (happened - later * stated)
    found[1, order] = later * (stated * (1.0 - stated)) ** 2
    return found


def _between(first: float, error: float, second: float, other_error: float) -> float:
    """Two statements of one number put together by their precision."""
    weight = other_error**2 / max(error**2 + other_error**2, 1e-12)
    return weight * first + (1.0 - weight) * second


def _variance(
    pairs: NDArray[np.float64], customer: Indices, rare: float, expected: float | None = None
) -> tuple[float, float]:
    """The variance that these pairs show, drawn to what is expected as far as it may be chance, and its standard error.

    Nothing expected means 0, and by as much as the pairs themselves leave open.
    """
    product, weight = (np.bincount(np.unique(customer, return_inverse=True)[1], row) for row in pairs)
    total = float(weight.sum())
    # Of rare outcomes the covariance grows with exp(variance) - 1, of even ones with the variance itself.
    square = max(rare**2, 1e-9)
    if total <= 0.0:
        return expected or 0.0, np.inf
    ratio = float(product.sum()) / total
    error = float(np.sqrt(np.sum((product - ratio * weight) ** 2))) / total
    if expected is None:
        ratio = max(ratio, 0.0)
        ratio *= ratio**2 / max(ratio**2 + error**2, 1e-12)
    else:
        # Where no two outcomes met, their scatter says nothing of how often they might have.
        usual = float(np.expm1(square * expected)) / square
        error = max(error, float(np.sqrt((1.0 + usual) / total)))
        ratio = max(_between(ratio, error, usual, _EXPECTED_ERROR * usual), 0.0)
    return float(min(np.log1p(square * ratio) / square, _MOST)), error
