"""Customers unlike the training data: a value never seen may have twice any effect that the feature is known to have.

Several such features may err together, so their standard deviations add up, and not their variances; but together they
can mean no more than twice what all features ever did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from decisioning.score import Floats

# What was never seen may mean more than what was: effects are shrunk, and the trees give it that of its nearest
# neighbour. In simulated worlds twice the known effects bring the coverage of such customers' intervals nearest to
# their level.
_BEYOND = 2.0


@dataclass(frozen=True, eq=False)
class Novelty:
    """What was seen of features, and how much their effects varied there; arrays have shape (columns,).

    Attributes
    ----------
    low, high : array of float
        Smallest and largest value seen.
    missing : array of bool
        Whether it was ever missing.
    effect : array of float
        Twice the root mean square of the feature's effect, in calibrated log-odds.
    together : float
        Twice the root mean square of all effects together.
    holes : int
        So many values were missing of one row; of a row with more, each that is missing counts as never seen.
    """

    low: Floats
    high: Floats
    missing: NDArray[np.bool_]
    effect: Floats
    together: float
    holes: int

    def of(self, rows: Floats) -> Floats:
        """Variance that rows have on top for what was never seen of them, shape (n,)."""
        return _novel(rows, self.low, self.high, self.missing, self.effect, self.together, self.holes)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        arrays = {name: getattr(self, name).tolist() for name in ("low", "high", "missing", "effect")}
        return {**arrays, "together": self.together, "holes": self.holes}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Novelty":
        """The value written by :meth:`to_dict`."""
        low, high, effect = (np.array(stored[name], dtype=np.float64) for name in ("low", "high", "effect"))
        missing = np.array(stored["missing"], dtype=np.bool_)
        return cls(low, high, missing, effect, float(stored["together"]), int(stored["holes"]))


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
        low=np.minimum(low, 1e300),
        high=np.maximum(high, -1e300),
        missing=np.asarray(missing.any(axis=0)),
        effect=_BEYOND * np.sqrt(np.mean(effects**2, axis=0)),
        together=float(_BEYOND * np.sqrt(np.mean(effects.sum(axis=1) ** 2))),
        holes=int(missing.sum(axis=1).max(initial=0)),
    )


@njit(nogil=True, cache=True)
def _novel(
    rows: Floats,
    low: Floats,
    high: Floats,
    missing: NDArray[np.bool_],
    effect: Floats,
    together: float,
    holes: int,
) -> Floats:
    found = np.empty(len(rows))
    for row in range(len(rows)):
        gaps = 0
        for column in range(rows.shape[1]):
            gaps += np.isnan(rows[row, column])
        spread = 0.0
        for column in range(rows.shape[1]):
            value = rows[row, column]
            if np.isnan(value):
                strange = gaps > holes or not missing[column]
            else:
                strange = value < low[column] or value > high[column]
            if strange:
                spread += effect[column]
        found[row] = min(spread, together) ** 2
    return found
