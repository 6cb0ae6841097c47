"""Losses at one threshold, one number per customer, and what a test makes of them."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import brentq

from heed.decisioning.score import Floats
from heed.training.certificate import pvalues

_NEAR = 1e-9
_MOST, _CLOSE = 1000.0, 1e-3


class LossSample(Protocol):
    """Losses of independent customers at one threshold."""

    @property
    def executed(self) -> int:
        """Customers who tell something of the loss."""
        ...

    @property
    def worth(self) -> float:
        """How many customers of the largest weight would tell as much."""
        ...

    @property
    def risk(self) -> float:
        """Mean loss; NaN where nobody tells anything."""
        ...

    @property
    def method(self) -> str:
        """The test."""
        ...

    @property
    def largest(self) -> float:
        """The largest mean loss there can be."""
        ...

    def p_value(self, alpha: float, times: float = 1.0) -> float:
        """Of the hypothesis that the mean loss is above `alpha`, were there so many `times` as many such customers."""
        ...


@dataclass(frozen=True, eq=False)
class UnweightedLosses:
    """One loss in [0, 1] per customer, all of the same weight.

    Attributes
    ----------
    losses : array of float, shape (customers,)
    """

    losses: Floats

    @property
    def executed(self) -> int:
        """Customers with a loss, 0 included."""
        return len(self.losses)

    @property
    def worth(self) -> float:
        """As many as there are."""
        return float(len(self.losses))

    @property
    def risk(self) -> float:
        """Mean loss."""
        return float(self.losses.mean()) if len(self.losses) else float("nan")

    @property
    def method(self) -> str:
        """Binomial where losses are 0 or 1, else Hoeffding and Bentkus."""
        return "binomial" if self._whole else "hoeffding-bentkus"

    @property
    def largest(self) -> float:
        """All are harmed."""
        return 1.0

    def p_value(self, alpha: float, times: float = 1.0) -> float:
        """Of the hypothesis that the mean loss is above `alpha`, were there so many `times` as many such customers."""
        total, count = times * float(self.losses.sum()), times * len(self.losses)
        if self._whole:
            return pvalues.binomial(total, count, alpha)
        return pvalues.hoeffding_bentkus(total, count, alpha)

    @property
    def _whole(self) -> bool:
        return bool(np.isin(self.losses, (0.0, 1.0)).all())


@dataclass(frozen=True, eq=False)
class WeightedLosses:
    """A weighted loss and a weight per customer, both sums over the customer's moments.

    Attributes
    ----------
    losses : array of float, shape (customers,)
        Weight times loss, at most `bound`; may be negative where the loss is against holding.
    weights : array of float, shape (customers,)
        At least 0; where it is 0, so is the loss.
    bound : float
        No weighted loss can be larger.
    largest : float
        The largest mean loss there can be.
    """

    losses: Floats
    weights: Floats
    bound: float
    largest: float = 1.0

    @property
    def executed(self) -> int:
        """Customers with weight."""
        return int(np.count_nonzero(self.weights))

    @property
    def worth(self) -> float:
        """Sum of the weights over what one customer can lose."""
        return float(self.weights.sum()) / self.bound

    @property
    def risk(self) -> float:
        """Weighted mean loss."""
        total = float(self.weights.sum())
        return float(self.losses.sum()) / total if total else float("nan")

    @property
    def method(self) -> str:
        """The capital of a bettor."""
        return "betting"

    def p_value(self, alpha: float, times: float = 1.0) -> float:
        """Of the hypothesis that the mean loss is above `alpha`, at least 0, were there `times` as many customers."""
        # Who tells nothing neither wins nor loses a bet.
        told = self.weights > 0.0
        return pvalues.betting(self.losses[told] - alpha * self.weights[told], self.bound, times)


def customers_needed(sample: LossSample, alpha: float, delta: float) -> int | None:
    """How many customers like these it would take to reject at level `delta`, None where a thousand times would not.

    What these lost stands for what others would lose, which is a guess and no promise.
    """
    if not sample.executed or sample.p_value(alpha, _MOST) > delta:
        return None
    times: float = brentq(lambda power: sample.p_value(alpha, 2.0**power) - delta, -10.0, math.log2(_MOST), xtol=_CLOSE)
    return math.ceil(math.pow(2.0, times) * sample.executed)


def upper_bound(sample: LossSample, delta: float) -> float:
    """The least alpha at which the hypothesis is rejected at level `delta`; the largest loss where there is none."""
    if not sample.executed:
        return sample.largest
    low, high = max(0.0, sample.risk), sample.largest
    if sample.p_value(low) <= delta:
        return low
    if sample.p_value(high) > delta:
        return high
    found = brentq(lambda alpha: sample.p_value(alpha) - delta, low, high, xtol=_NEAR * high)
    return float(min(high, found + _NEAR * high))
