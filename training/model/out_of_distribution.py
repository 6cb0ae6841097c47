"""Out-of-distribution inputs: wider intervals for customers unlike the training data.

A value outside the range seen in training may have up to twice the effect that the feature had there. Errors of several
such features may be correlated, so their standard deviations add up rather than their variances, bounded by twice the
effect of all features together.

A feature that was never missing in training is imputed with its typical value when it is missing at serving time, since
trees would treat the gap as 0, and the interval widens.
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

# Learned effects are shrunk, and trees extrapolate with the nearest seen value. In simulated worlds a factor of two
# brings the coverage of such customers' intervals closest to its nominal level.
_EXTRAPOLATION = 2.0


@dataclass(frozen=True, eq=False)
class TrainingSupport:
    """Range and effect of each feature in training; arrays have shape (columns,).

    Attributes
    ----------
    low, high : array of float
        Smallest and largest value in training.
    missing : array of bool
        Whether the feature was ever missing.
    effect : array of float
        Twice the root mean square of the feature's effect, in calibrated log-odds.
    joint_effect : float
        Twice the root mean square of the sum of all effects.
    max_missing : int
        Largest number of missing values in a row. In rows with more, every missing value counts as unseen.
    typical : array of float
        Imputed where a feature that was never missing is missing: the median, or the most frequent category. NaN where
        nothing is imputed.
    """

    low: Floats
    high: Floats
    missing: NDArray[np.bool_]
    effect: Floats
    joint_effect: float
    max_missing: int
    typical: Floats

    @cached_property
    def imputable(self) -> NDArray[np.bool_]:
        """Which columns have a typical value, shape (columns,)."""
        return ~np.isnan(self.typical)

    def imputed(self, rows: Floats) -> Floats:
        """Rows with missing values imputed where a typical value is known, shape (n, columns)."""
        gaps = np.isnan(rows) & self.imputable
        return np.where(gaps, self.typical, rows) if gaps.any() else rows

    def unseen_variance(self, rows: Floats) -> Floats:
        """Additional variance of rows with values unseen in training, shape (n,)."""
        return _unseen_variance(
            rows, self.low, self.high, self.missing, self.effect, self.joint_effect, self.max_missing
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        arrays = {name: getattr(self, name).tolist() for name in ("low", "high", "missing", "effect")}
        known = {"typical": [value if kept else None for value, kept in zip(self.typical, self.imputable, strict=True)]}
        return {
            **arrays,
            "together": self.joint_effect,
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
    """Compute range, effects and typical values on the training rows.

    Parameters
    ----------
    matrix : array of float, shape (n, columns)
    effects : array of float, shape (rows, columns)
        Effects of features in calibrated log-odds, on a sample of rows.
    """
    missing = np.isnan(matrix)
    ever = np.asarray(missing.any(axis=0))
    low = np.min(np.where(missing, np.inf, matrix), axis=0, initial=np.inf)
    high = np.max(np.where(missing, -np.inf, matrix), axis=0, initial=-np.inf)
    return TrainingSupport(
        low=np.minimum(low, 1e300),
        high=np.maximum(high, -1e300),
        missing=ever,
        effect=_EXTRAPOLATION * np.sqrt(np.mean(effects**2, axis=0)),
        joint_effect=float(_EXTRAPOLATION * np.sqrt(np.mean(effects.sum(axis=1) ** 2))),
        max_missing=int(missing.sum(axis=1).max(initial=0)),
        typical=_typical(matrix, ever, schema),
    )


def _typical(matrix: Floats, missing: NDArray[np.bool_], schema: FeatureSchema) -> Floats:
    """Typical value of each column without gaps; NaN for action features, which are never imputed."""
    result = np.full(matrix.shape[1], np.nan)
    for column, feature in enumerate(schema.features):
        if feature.source is not FeatureSource.ACTION and not missing[column]:
            values = matrix[:, column]
            result[column] = _mode(values) if column in schema.categorical_columns else np.median(values)
    return result


def _mode(values: Floats) -> float:
    kinds, counts = np.unique(values, return_counts=True)
    return float(kinds[counts.argmax()])


@njit(nogil=True, cache=True)
def _unseen_variance(
    rows: Floats,
    low: Floats,
    high: Floats,
    missing: NDArray[np.bool_],
    effect: Floats,
    joint_effect: float,
    max_missing: int,
) -> Floats:
    result = np.empty(len(rows))
    for row in range(len(rows)):
        gaps = 0
        for column in range(rows.shape[1]):
            gaps += np.isnan(rows[row, column])
        spread = 0.0
        for column in range(rows.shape[1]):
            value = rows[row, column]
            if np.isnan(value):
                unseen = gaps > max_missing or not missing[column]
            else:
                unseen = value < low[column] or value > high[column]
            if unseen:
                spread += effect[column]
        result[row] = min(spread, joint_effect) ** 2
    return result
