"""Estimates with 95 % intervals that respect clusters of rows.

Intervals come from influence functions, summed within customers because rows of one customer are dependent. (Liang and
Zeger, "Longitudinal data analysis using generalized linear models", Biometrika 73, 1986.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats

Z95 = 1.959963984540054
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        NaN without rows; `low` and `high` also where there is only one customer.
    rows : int
        Rows that contribute.
    """

    value: float
    low: float
    high: float
    rows: int

    @property
    def error(self) -> float:
        """Standard error."""
        return (self.high - self.low) / (2.0 * Z95)

    def holds(self, value: float) -> bool:
        """Whether the interval contains a value; true where there is no interval."""
        return not (value < self.low or value > self.high)


@dataclass(frozen=True, eq=False)
class InfluenceEstimate:
    """An estimate with its influence function, to be combined with others.

    Attributes
    ----------
    value : float
    influence : array of float, shape (n,)
        Contribution of each row to the error; 0 for rows that it ignores.
    """

    value: float
    influence: Floats

    def __add__(self, other: "InfluenceEstimate") -> "InfluenceEstimate":
        """The sum; the covariance of the two is kept."""
        return InfluenceEstimate(self.value + other.value, self.influence + other.influence)

    def __sub__(self, other: "InfluenceEstimate") -> "InfluenceEstimate":
        """The difference."""
        return self + other.times(-1.0)

    def times(self, factor: float) -> "InfluenceEstimate":
        """The estimate times a constant."""
        return InfluenceEstimate(factor * self.value, factor * self.influence)

    def estimate(self, cluster: Ints) -> Estimate:
        """The value with its interval.

        Parameters
        ----------
        cluster : array of int, shape (n,)
            Customer, or group of dependent customers.
        """
        rows = int(np.count_nonzero(self.influence))
        sums = np.bincount(np.unique(cluster, return_inverse=True)[1], self.influence)
        count = len(sums)
        if not np.isfinite(self.value) or count < 2:
            return Estimate(self.value, float("nan"), float("nan"), rows)
        error = float(np.sqrt(count / (count - 1) * (sums @ sums)))
        return Estimate(self.value, self.value - Z95 * error, self.value + Z95 * error, rows)


def mean(values: Floats) -> InfluenceEstimate:
    """The mean over all rows."""
    return weighted_mean(values, np.ones(len(values)))


def weighted_mean(values: Floats, weight: Floats) -> InfluenceEstimate:
    """The self-normalized weighted mean (Hajek 1971); NaN where all weights are 0.

    Parameters
    ----------
    values, weight : array of float, shape (n,)
        Weights are at least 0; the value of a row of weight 0 is ignored and may be any finite number.
    """
    total = float(weight.sum())
    if total <= 0.0:
        return InfluenceEstimate(float("nan"), np.zeros(len(values)))
    value = float(weight @ values) / total
    return InfluenceEstimate(value, weight * (values - value) / total)
