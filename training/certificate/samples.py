"""Loss samples at one threshold, one loss per customer, and their tests."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import brentq

from heed.decisioning.score import Floats
from heed.training.certificate import pvalues

_ROOT_TOLERANCE = 1e-9
_MAX_FACTOR, _FACTOR_TOLERANCE = 1000.0, 1e-3


class LossSample(Protocol):
    """Losses of independent customers at one threshold."""

    @property
    def executed(self) -> int:
        """Customers with an observed loss."""
        ...

    @property
    def worth(self) -> float:
        """Effective sample size, in customers of the largest weight."""
        ...

    @property
    def risk(self) -> float:
        """Mean loss; NaN for an empty sample."""
        ...

    @property
    def method(self) -> str:
        """Name of the test."""
        ...

    @property
    def largest(self) -> float:
        """Upper bound on the mean loss."""
        ...

    def p_value(self, alpha: float, times: float = 1.0) -> float:
        """P-value of the hypothesis that the mean loss is above `alpha`, for `times` as many such customers."""
        ...


@dataclass(frozen=True, eq=False)
class UnweightedLosses:
    """One loss in [0, 1] per customer, equally weighted.

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
        """The number of customers."""
        return float(len(self.losses))

    @property
    def risk(self) -> float:
        """Mean loss."""
        return float(self.losses.mean()) if len(self.losses) else float("nan")

    @property
    def method(self) -> str:
        """Binomial where losses are 0 or 1, else Hoeffding and Bentkus."""
        return "binomial" if self._binary else "hoeffding-bentkus"

    @property
    def largest(self) -> float:
        """Everybody is harmed."""
        return 1.0

    def p_value(self, alpha: float, times: float = 1.0) -> float:
        """P-value of the hypothesis that the mean loss is above `alpha`, for `times` as many such customers."""
        total, count = times * float(self.losses.sum()), times * len(self.losses)
        if self._binary:
            return pvalues.binomial(total, count, alpha)
        return pvalues.hoeffding_bentkus(total, count, alpha)

    @property
    def _binary(self) -> bool:
        return bool(np.isin(self.losses, (0.0, 1.0)).all())


@dataclass(frozen=True, eq=False)
class WeightedLosses:
    """A weighted loss and a weight per customer, both sums over the customer's decision points.

    Attributes
    ----------
    losses : array of float, shape (customers,)
        Weight times loss, at most `bound`; may be negative where the loss is against holding.
    weights : array of float, shape (customers,)
        At least 0; where it is 0, so is the loss.
    bound : float
        Upper bound on a weighted loss.
    largest : float
        Upper bound on the mean loss.
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
        """Sum of the weights, divided by the bound."""
        return float(self.weights.sum()) / self.bound

    @property
    def risk(self) -> float:
        """Weighted mean loss."""
        total = float(self.weights.sum())
        return float(self.losses.sum()) / total if total else float("nan")

    @property
    def method(self) -> str:
        """Testing by betting."""
        return "betting"

    def p_value(self, alpha: float, times: float = 1.0) -> float:
        """P-value of the hypothesis that the mean loss is above `alpha`, at least 0, for `times` as many customers."""
        # Customers without weight neither win nor lose a bet.
        known = self.weights > 0.0
        return pvalues.betting(self.losses[known] - alpha * self.weights[known], self.bound, times)


def customers_needed(sample: LossSample, alpha: float, delta: float) -> int | None:
    """Number of such customers needed to reject at level `delta`; None if 1,000 times as many are not enough.

    It extrapolates the observed losses, so it is an estimate without guarantee.
    """

    def excess(power: float) -> float:
        return sample.p_value(alpha, 2.0**power) - delta

    if not sample.executed or sample.p_value(alpha, _MAX_FACTOR) > delta:
        return None
    power: float = brentq(excess, -10.0, math.log2(_MAX_FACTOR), xtol=_FACTOR_TOLERANCE)
    return math.ceil(math.pow(2.0, power) * sample.executed)


def upper_bound(sample: LossSample, delta: float) -> float:
    """The lowest alpha at which the hypothesis is rejected at level `delta`, else the largest loss."""
    if not sample.executed:
        return sample.largest
    low, high = max(0.0, sample.risk), sample.largest
    if sample.p_value(low) <= delta:
        return low
    if sample.p_value(high) > delta:
        return high
    root = brentq(lambda alpha: sample.p_value(alpha) - delta, low, high, xtol=_ROOT_TOLERANCE * high)
    return float(min(high, root + _ROOT_TOLERANCE * high))
