"""Recorded decision points with heed's choices, and the loss sample at a threshold.

Decision points of one customer are dependent. With equal weights, each customer counts once, by a random one of the
points at which heed would have taken the logged action: losses stay 0 or 1, and the exact test applies. With unequal
weights, sampling would distort them, so each customer counts by the sum over all points, capped at the largest possible
loss of one point: without the cap a customer's loss would be unbounded and no bound would hold. The cap matters only
for customers harmed more than once.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.certificate.samples import LossSample, UnweightedLosses, WeightedLosses
from heed.training.features.window_kernel import Ints

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class DecisionPoints:
    """n recorded decision points; every row is a contact or a hold.

    Attributes
    ----------
    customer : array of int, shape (n,)
        Customer, or group of dependent customers.
    confidence : array of float, shape (n,)
        Confidence of heed's choice.
    executed : array of bool, shape (n,)
        Whether heed would act, if confident enough, and the row shows something about the loss.
    loss : array of float, shape (n,)
        In [0, 1] for harm; the estimated amount lost against holding for regret.
    weight : array of float, shape (n,)
        Inverse propensity; 1 where the loss is itself an estimate.
    bound : float
        Upper bound on a weighted loss.
    largest : float
        Upper bound on the mean loss.
    clipped : float
        Share of the inverse-propensity weight removed by clipping.
    estimated : bool
        Whether losses are unbiased estimates that may lie outside [0, 1].
    """

    customer: Ints
    confidence: Floats
    executed: Bools
    loss: Floats
    weight: Floats
    bound: float
    largest: float = 1.0
    clipped: float = 0.0
    estimated: bool = False

    def __len__(self) -> int:
        return len(self.customer)

    @cached_property
    def equal(self) -> bool:
        """Whether all weights are equal, so that customers can be counted."""
        mine = self.weight[self.executed]
        return not self.estimated and (len(mine) == 0 or float(np.ptp(mine)) == 0.0)

    @property
    def customers(self) -> int:
        """Number of customers."""
        return len(np.unique(self.customer))

    def at(self, threshold: float, order: Ints) -> LossSample:
        """The sample at a threshold.

        Parameters
        ----------
        order : array of int, shape (n,)
            Random order from which a customer's point is picked; see :func:`random_order`.
        """
        taken = self.executed & (self.confidence >= threshold)
        return _counted(self, taken, order) if self.equal else _weighted(self, taken)

    def of(self, mine: Bools) -> "DecisionPoints":
        """The points for which `mine` is true; equality of weights is recomputed."""
        parts = ("customer", "confidence", "executed", "loss", "weight")
        return replace(self, **{name: getattr(self, name)[mine] for name in parts})


def random_order(points: DecisionPoints, seed: int) -> Ints:
    """A random order of the points; the first match in it stands for its customer."""
    return np.random.default_rng(seed).permutation(len(points))


def split_customers(points: DecisionPoints, share: float, seed: int) -> tuple[DecisionPoints, DecisionPoints]:
    """The points of a random share of the customers, and those of the others."""
    names, place = np.unique(points.customer, return_inverse=True)
    chosen = np.zeros(len(names), dtype=np.bool_)
    chosen[np.random.default_rng([seed, 1]).permutation(len(names))[: round(share * len(names))]] = True
    return points.of(chosen[place]), points.of(~chosen[place])


def _counted(points: DecisionPoints, taken: Bools, order: Ints) -> UnweightedLosses:
    matching = order[taken[order]]
    _, first = np.unique(points.customer[matching], return_index=True)
    return UnweightedLosses(points.loss[matching[first]])


def _weighted(points: DecisionPoints, taken: Bools) -> WeightedLosses:
    names, place = np.unique(points.customer[taken], return_inverse=True)
    weight = points.weight[taken]
    losses = np.minimum(_sums(place, weight * points.loss[taken], len(names)), points.bound)
    return WeightedLosses(losses, _sums(place, weight, len(names)), points.bound, points.largest)


def _sums(place: Ints, values: Floats, customers: int) -> Floats:
    return np.bincount(place, values, customers).astype(np.float64)
