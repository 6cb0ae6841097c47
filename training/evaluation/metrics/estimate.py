"""Numbers with their 95 % intervals, where a customer may stand for several rows.

Intervals come from influence functions: what each row adds to the error of the estimate, summed within customers, since
what happens to one customer is no independent evidence. (Liang and Zeger, "Longitudinal data analysis using generalized
linear models", Biometrika 73, 1986.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats

Z95 = 1.959963984540054
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with the ends of its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        NaN where there are no rows to tell; `low` and `high` also where one customer is all there is.
    rows : int
        How many rows tell of it.
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
        """Whether the interval contains a value; yes where there is no interval to speak against it."""
        return not (value < self.low or value > self.high)


@dataclass(frozen=True, eq=False)
class InfluenceEstimate:
    """An estimate that is yet to be combined with others.

    Attributes
    ----------
    value : float
    influence : array of float, shape (n,)
        What each of all rows adds to its error; 0 for rows that it does not look at.
    """

    value: float
    influence: Floats

    def __add__(self, other: "InfluenceEstimate") -> "InfluenceEstimate":
        """The sum, with what the two have in common taken into account."""
        return InfluenceEstimate(self.value + other.value, self.influence + other.influence)

    def __sub__(self, other: "InfluenceEstimate") -> "InfluenceEstimate":
        """The difference."""
        return self + other.times(-1.0)

    def times(self, factor: float) -> "InfluenceEstimate":
        """The estimate times a constant."""
        return InfluenceEstimate(factor * self.value, factor * self.influence)

    def estimate(self, cluster: Ints) -> Estimate:
        """The number with its interval.

        Parameters
        ----------
        cluster : array of int, shape (n,)
            Whose row it is.
        """
        rows = int(np.count_nonzero(self.influence))
        sums = np.bincount(np.unique(cluster, return_inverse=True)[1], self.influence)
        count = len(sums)
        if not np.isfinite(self.value) or count < 2:
            return Estimate(self.value, float("nan"), float("nan"), rows)
        error = float(np.sqrt(count / (count - 1) * (sums @ sums)))
        return Estimate(self.value, self.value - Z95 * error, self.value + Z95 * error, rows)


def mean(values: Floats) -> InfluenceEstimate:
    """The plain mean over all rows."""
    return weighted_mean(values, np.ones(len(values)))


def weighted_mean(values: Floats, weight: Floats) -> InfluenceEstimate:
    """The mean under weights of which only the ratios count (Hajek 1971); NaN where all are 0.

    Parameters
    ----------
    values, weight : array of float, shape (n,)
        Weights are at least 0; a row of weight 0 is not looked at, and its value may be anything finite.
    """
    total = float(weight.sum())
    if total <= 0.0:
        return InfluenceEstimate(float("nan"), np.zeros(len(values)))
    found = float(weight @ values) / total
    return InfluenceEstimate(found, weight * (values - found) / total)
