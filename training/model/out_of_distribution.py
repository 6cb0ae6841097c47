"""Customers unlike the training data: a value never seen may have twice any effect that the feature is known to have.

Several such features may err together, so their standard deviations add up, and not their variances; but together they
can mean no more than twice what all features ever did.

A value that is missing where none ever was says nothing, and trees that never met such a gap would take it for 0. There
the model answers for the typical customer, and says that it knows less.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.features.feature import FeatureSource
from heed.training.features.feature_schema import FeatureSchema

# What was never seen may mean more than what was: effects are shrunk, and the trees give it that of its nearest
# neighbour. In simulated worlds twice the known effects bring the coverage of such customers' intervals nearest to
# their level.
_BEYOND = 2.0


@dataclass(frozen=True, eq=False)
class TrainingSupport:
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
    max_missing : int
        So many values were missing of one row; of a row with more, each that is missing counts as never seen.
    typical : array of float
        What stands for a value that is missing where none ever was: the median, or of categories the most frequent. NaN
        where nothing does.
    """

    low: Floats
    high: Floats
    missing: NDArray[np.bool_]
    effect: Floats
    together: float
    max_missing: int
    typical: Floats

    @cached_property
    def imputable(self) -> NDArray[np.bool_]:
        """Of which columns a typical value is known, shape (columns,)."""
        return ~np.isnan(self.typical)

    def completed(self, rows: Floats) -> Floats:
        """Rows with typical values where one is missing that never was, shape (n, columns); as given where none is."""
        gaps = np.isnan(rows) & self.imputable
        return np.where(gaps, self.typical, rows) if gaps.any() else rows

    def of(self, rows: Floats) -> Floats:
        """Variance that rows have on top for what was never seen of them, shape (n,)."""
        return _novel(rows, self.low, self.high, self.missing, self.effect, self.together, self.max_missing)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        arrays = {name: getattr(self, name).tolist() for name in ("low", "high", "missing", "effect")}
        known = {"typical": [value if kept else None for value, kept in zip(self.typical, self.imputable, strict=True)]}
        return {
            **arrays,
            "together": self.together,
            "holes": self.max_missing,
            **(known if self.imputable.any() else {}),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "TrainingSupport":
        """The value written by :meth:`to_dict`."""
        low, high, effect = (np.array(stored[name], dtype=np.float64) for name in ("low", "high", "effect"))
        missing = np.array(stored["missing"], dtype=np.bool_)
        typical = np.array(stored.get("typical", [None] * len(low)), dtype=np.float64)
        return cls(low, high, missing, effect, float(stored["together"]), int(stored["holes"]), typical)


def fit_training_support(matrix: Floats, effects: Floats, schema: FeatureSchema) -> TrainingSupport:
    """What fitting rows show.

    Parameters
    ----------
    matrix : array of float, shape (n, columns)
    effects : array of float, shape (rows, columns)
        Effects of the features in calibrated log-odds, on some of the rows.
    """
    missing = np.isnan(matrix)
    ever = np.asarray(missing.any(axis=0))
    low = np.min(np.where(missing, np.inf, matrix), axis=0, initial=np.inf)
    high = np.max(np.where(missing, -np.inf, matrix), axis=0, initial=-np.inf)
    return TrainingSupport(
        low=np.minimum(low, 1e300),
        high=np.maximum(high, -1e300),
        missing=ever,
        effect=_BEYOND * np.sqrt(np.mean(effects**2, axis=0)),
        together=float(_BEYOND * np.sqrt(np.mean(effects.sum(axis=1) ** 2))),
        max_missing=int(missing.sum(axis=1).max(initial=0)),
        typical=_typical(matrix, ever, schema),
    )


def _typical(matrix: Floats, missing: NDArray[np.bool_], schema: FeatureSchema) -> Floats:
    """What is typical of each column that has no gaps; nothing is of actions, since none stands for another."""
    found = np.full(matrix.shape[1], np.nan)
    for column, feature in enumerate(schema.features):
        if feature.source is not FeatureSource.ACTION and not missing[column]:
            values = matrix[:, column]
            found[column] = _mode(values) if column in schema.categorical_columns else np.median(values)
    return found


def _mode(values: Floats) -> float:
    kinds, counts = np.unique(values, return_counts=True)
    return float(kinds[counts.argmax()])


@njit(nogil=True, cache=True)
def _novel(
    rows: Floats,
    low: Floats,
    high: Floats,
    missing: NDArray[np.bool_],
    effect: Floats,
    together: float,
    max_missing: int,
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
                strange = gaps > max_missing or not missing[column]
            else:
                strange = value < low[column] or value > high[column]
            if strange:
                spread += effect[column]
        found[row] = min(spread, together) ** 2
    return found
