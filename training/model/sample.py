"""Training rows: features, labels, customers and actions."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.calibrators.pooling_groups import PoolingGroups

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """n rows to be scored.

    Attributes
    ----------
    matrix : array of float64, shape (n, columns)
    pooling_groups : PoolingGroups
        The action of each row, with its channel and category.
    """

    matrix: Floats
    pooling_groups: PoolingGroups

    def take(self, rows: Indices) -> "Rows":
        """The rows at these positions."""
        return Rows(self.matrix[rows], self.pooling_groups.take(rows))


@dataclass(frozen=True, eq=False)
class Sample(Rows):
    """Rows with their labels.

    Attributes
    ----------
    label : array of bool, shape (n,)
    customer : array of int, shape (n,)
        Customer index of each row.
    propensity : array of float, shape (n,)
        Logging policy's probability of the row's action; NaN where it was not recorded.
    at : array of int, shape (n,)
        Times, in microseconds since the epoch.
    next_action_rows : Rows or None
        Each row with its action replaced by that of the customer's next row; None where no customer has two rows.
    """

    label: NDArray[np.bool_]
    customer: Indices
    propensity: Floats
    at: Indices
    next_action_rows: Rows | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.label)

    def take(self, rows: Indices) -> "Sample":
        """The rows at these positions."""
        return Sample(
            matrix=self.matrix[rows],
            label=self.label[rows],
            customer=self.customer[rows],
            pooling_groups=self.pooling_groups.take(rows),
            propensity=self.propensity[rows],
            at=self.at[rows],
            next_action_rows=None if self.next_action_rows is None else self.next_action_rows.take(rows),
        )

    def with_labels(self, label: NDArray[np.bool_]) -> "Sample":
        """The same rows with other labels."""
        return replace(self, label=label)

    @property
    def is_hold(self) -> NDArray[np.bool_]:
        """Which rows are hold rows, shape (n,)."""
        return self.pooling_groups.is_hold

    @cached_property
    def next_row(self) -> Indices:
        """Index of the customer's next row in time, -1 where there is none, shape (n,)."""
        order = np.lexsort((np.arange(len(self)), self.at, self.customer))
        result = np.full(len(self), -1)
        result[order[:-1]] = np.where(self.customer[order[:-1]] == self.customer[order[1:]], order[1:], -1)
        return result
