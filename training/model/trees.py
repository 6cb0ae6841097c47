"""The booster as a table of leaves: which leaf of each tree a row falls into, and the value of that leaf.

One call gives the leaf indices; margin, interval and draws are sums over them.
"""

from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from lightgbm import Booster
from lightgbm.libpath import _LIB
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.errors import TrainingError

_FLOAT64 = c_int(1)
_ROW_MAJOR = c_int(1)
_LEAVES = c_int(2)
_CONTRIBUTIONS = c_int(3)
_ONE_THREAD = c_char_p(b"num_threads=1")


@dataclass(frozen=True, eq=False)
class Trees:
    """A booster and the concatenated values of its leaves.

    Attributes
    ----------
    booster : lightgbm.Booster
        A binary classifier without linear leaves.
    values : array of float, shape (leaves,)
        Leaf values in log-odds, tree after tree.
    offsets : array of int, shape (trees,)
        Index of each tree's first leaf in `values`.
    """

    booster: Booster
    values: Floats
    offsets: NDArray[np.int64]

    @cached_property
    def features(self) -> int:
        """Number of columns of a row."""
        return int(self.booster.num_feature())

    def leaves(self, rows: Floats) -> Floats:
        """Leaf index of each row within each tree: whole numbers, shape (n, trees).

        Parameters
        ----------
        rows : array of float64, shape (n, features)
        """
        return self._predicted(rows, _LEAVES, len(self.offsets))

    def contributions(self, rows: Floats) -> Floats:
        """Path-dependent SHAP values of the margin, shape (n, features + 1); the last column is the base value.

        Lundberg, Erion and Lee, "Consistent individualized feature attribution for tree ensembles" (2018).
        """
        return self._predicted(rows, _CONTRIBUTIONS, self.features + 1)

    def leaf_indices(self, rows: Floats) -> NDArray[np.int32]:
        """Indices into `values` of the leaves of each row, shape (n, trees)."""
        return (self.leaves(rows) + self.offsets).astype(np.int32)

    def margin(self, rows: Floats) -> Floats:
        """Raw score of each row in log-odds, shape (n,), bit-equal to ``booster.predict(raw_score=True)``."""
        return self.sum(self.leaf_indices(rows))

    def sum(self, indices: NDArray[np.int32]) -> Floats:
        """Margin of rows with these leaves, shape (n,), summed tree after tree to round as LightGBM does."""
        total = np.zeros(len(indices))
        for column in indices.T:
            total += self.values[column]
        return total

    def _predicted(self, rows: Floats, kind: c_int, width: int) -> Floats:
        """Call LightGBM's C function directly, on one thread.

        The Python wrapper spends a fifth of a decision's scoring time on parsing parameters, and more threads slow
        down small batches.
        """
        rows = self._checked(rows)
        result = np.empty((len(rows), width), dtype=np.float64)
        written = c_int64(0)
        failed = _LIB.LGBM_BoosterPredictForMat(
            self.booster._handle,  # noqa: SLF001 -- the C functions are keyed by it
            rows.ctypes.data_as(c_void_p),
            _FLOAT64,
            c_int32(rows.shape[0]),
            c_int32(rows.shape[1]),
            _ROW_MAJOR,
            kind,
            c_int(0),
            c_int(-1),
            _ONE_THREAD,
            byref(written),
            result.ctypes.data_as(POINTER(c_double)),
        )
        if failed or written.value != result.size:
            raise TrainingError("LightGBM did not score the rows", field="rows", value=rows.shape)
        return result

    def _checked(self, rows: Floats) -> Floats:
        if rows.ndim != 2 or rows.shape[1] != self.features:
            remedy = f"give rows of {self.features} features"
            raise TrainingError("the rows do not fit the model", field="rows", value=rows.shape, remedy=remedy)
        return np.ascontiguousarray(rows, dtype=np.float64)


def read_trees(booster: Booster) -> Trees:
    """Read the leaf values of a booster from its text, which stores them exactly."""
    tables = [line for line in booster.model_to_string(num_iteration=-1).splitlines() if line.startswith("leaf_value=")]
    per_tree = [[float(value) for value in line.removeprefix("leaf_value=").split()] for line in tables]
    counts = [len(values) for values in per_tree]
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    return Trees(booster, np.array([value for values in per_tree for value in values]), offsets)
