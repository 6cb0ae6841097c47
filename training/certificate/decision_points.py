"""Recorded moments with what heed would have done at them, and the sample that they give at a threshold.

Moments of one customer are not independent. Where all weights are equal, each customer counts once, by one of the
moments at which heed would have done by itself what was done, drawn by a seed: losses of 0 and 1 stay such, and the
exact test can be used. Where weights differ, drawing among matching moments would distort them, so each customer
counts by the sum over all moments, cut off at the largest loss that one moment can bring: without that, one customer
could lose any amount and no bound would hold. It matters only to customers who are harmed more than once.
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
    """n recorded moments; every row is a contact or a hold.

    Attributes
    ----------
    customer : array of int, shape (n,)
        Whose moment it is.
    confidence : array of float, shape (n,)
        Of heed's choice.
    executed : array of bool, shape (n,)
        Whether heed would act by itself, if confident enough, and the moment tells something of that act's loss.
    loss : array of float, shape (n,)
        What the moment tells: in [0, 1] for harm; the estimated amount lost against holding for regret.
    weight : array of float, shape (n,)
        How much the loss counts: one over the probability of what was done, where the loss is not itself an estimate.
    bound : float
        No weighted loss can be larger.
    largest : float
        The largest mean loss there can be.
    clipped : float
        Share of the inverse-propensity weight that clipping took away.
    estimated : bool
        Whether a loss is an estimate that is right on average only, and may lie outside [0, 1].
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
        """Whether one loss is worth as much as another, so that customers can be counted."""
        mine = self.weight[self.executed]
        return not self.estimated and (len(mine) == 0 or float(np.ptp(mine)) == 0.0)

    @property
    def customers(self) -> int:
        """How many there are."""
        return len(np.unique(self.customer))

    def at(self, threshold: float, order: Ints) -> LossSample:
        """The sample at a threshold.

        Parameters
        ----------
        order : array of int, shape (n,)
            In which a customer's moments are drawn; see :func:`random_order`.
        """
        taken = self.executed & (self.confidence >= threshold)
        return _counted(self, taken, order) if self.equal else _weighted(self, taken)

    def of(self, mine: Bools) -> "DecisionPoints":
        """The moments for which `mine` is true; whether weights are equal is decided anew."""
        parts = ("customer", "confidence", "executed", "loss", "weight")
        return replace(self, **{name: getattr(self, name)[mine] for name in parts})


def random_order(points: DecisionPoints, seed: int) -> Ints:
    """A random order of the moments, from which the first that matches is a customer's."""
    return np.random.default_rng(seed).permutation(len(points))


def split_customers(points: DecisionPoints, share: float, seed: int) -> tuple[DecisionPoints, DecisionPoints]:
    """The moments of a random share of the customers, and those of the others."""
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
