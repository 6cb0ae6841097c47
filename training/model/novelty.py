"""Customers unlike the training data: a value never seen may have any effect that the feature is known to have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from decisioning.score import Floats


@dataclass(frozen=True, eq=False)
class Novelty:
    """What was seen of each feature, and how much its effect varied there; all arrays of shape (columns,).

    Attributes
    ----------
    low, high : array of float
        Smallest and largest value seen.
    missing : array of bool
        Whether it was ever missing.
    variance : array of float
        Mean square of the feature's effect, in calibrated log-odds squared.
    """

    low: Floats
    high: Floats
    missing: NDArray[np.bool_]
    variance: Floats

    def of(self, rows: Floats) -> Floats:
        """Variance that rows have on top for what was never seen of them, shape (n,)."""
        return _novel(rows, self.low, self.high, self.missing, self.variance)

    def to_dict(self) -> dict[str, list[float]]:
        """JSON-ready form."""
        return {name: getattr(self, name).tolist() for name in ("low", "high", "missing", "variance")}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Sequence[float]]) -> "Novelty":
        """The value written by :meth:`to_dict`."""
        low, high, variance = (np.array(stored[name], dtype=np.float64) for name in ("low", "high", "variance"))
        return cls(low, high, np.array(stored["missing"], dtype=np.bool_), variance)


def find_novelty(matrix: Floats, effects: Floats) -> Novelty:
    """What fitting rows show.

    Parameters
    ----------
    matrix : array of float, shape (n, columns)
    effects : array of float, shape (rows, columns)
        Effects of the features in calibrated log-odds, on some of the rows.
    """
    missing = np.isnan(matrix)
    low = np.min(np.where(missing, np.inf, matrix), axis=0, initial=np.inf)
    high = np.max(np.where(missing, -np.inf, matrix), axis=0, initial=-np.inf)
    return Novelty(
        np.minimum(low, 1e300), np.maximum(high, -1e300), np.asarray(missing.any(axis=0)), np.mean(effects**2, axis=0)
    )


@njit(nogil=True, cache=True)
def _novel(rows: Floats, low: Floats, high: Floats, missing: NDArray[np.bool_], variance: Floats) -> Floats:
    found = np.zeros(len(rows))
    for row in range(len(rows)):
        for column in range(rows.shape[1]):
            value = rows[row, column]
            strange = not missing[column] if np.isnan(value) else value < low[column] or value > high[column]
            if strange:
                found[row] += variance[column]
    return found
