"""Cross-fitted losses of calibrations, with folds of customers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.calibrators.action_offsets import ActionOffsets, fit_offsets
from heed.training.model.calibrators.families import CalibrationFamily
from heed.training.model.calibrators.logistic_regression import group_sums
from heed.training.model.calibrators.pooled_calibration import PooledCalibration
from heed.training.model.calibrators.pooling_groups import Ints, PoolingGroups

FOLDS = 5


@dataclass(frozen=True, eq=False)
class CalibrationRows:
    """Calibration data of n rows.

    Attributes
    ----------
    margin : array of float, shape (n,)
        Out-of-fold margins.
    label : array of bool, shape (n,)
    pooling_groups : PoolingGroups
        Action, channel and category of each row.
    customer : array of int, shape (n,)
        Customer index of each row, from 0 without gaps.
    """

    margin: Floats
    label: NDArray[np.bool_]
    pooling_groups: PoolingGroups
    customer: Ints

    def take(self, rows: Ints) -> "CalibrationRows":
        """The rows at these positions."""
        return CalibrationRows(self.margin[rows], self.label[rows], self.pooling_groups.take(rows), self.customer[rows])

    @property
    def minority_count(self) -> int:
        """Number of rows of the rarer class."""
        positives = int(self.label.sum())
        return min(positives, len(self.label) - positives)

    @property
    def customers(self) -> int:
        """Number of customers."""
        return int(self.customer.max()) + 1

    @property
    def folds(self) -> int:
        """Number of folds: five, or fewer if there are fewer customers."""
        return min(FOLDS, self.customers)


@dataclass(frozen=True, slots=True)
class CalibrationPlan:
    """A family of curves, with or without offsets by action."""

    family: CalibrationFamily
    offsets: bool

    def fit(self, rows: CalibrationRows, warm_start: ActionOffsets | None = None) -> PooledCalibration:
        """Fit the calibration; `warm_start` are offsets of a similar fit, from which the search starts."""
        curve = self.family.fit(rows.margin, rows.label)
        if not self.offsets:
            return PooledCalibration(curve, ActionOffsets())
        return PooledCalibration(*fit_offsets(curve, rows.margin, rows.label, rows.pooling_groups, warm_start))


def cross_fit_losses(rows: CalibrationRows, plans: Sequence[CalibrationPlan], seed: int) -> Floats:
    """Cross-fitted log-loss of every row in nats under every plan: shape (plans, n).

    Parameters
    ----------
    rows : CalibrationRows
        Rows of at least two customers.
    seed : int
        Assigns customers to folds.
    """
    losses = np.empty((len(plans), len(rows.label)))
    for held, kept in _folds(rows, seed):
        train, test, warm_start = rows.take(kept), rows.take(held), None
        for index, plan in enumerate(plans):
            fitted = plan.fit(train, warm_start)
            warm_start = fitted.offsets if plan.offsets else None
            losses[index, held] = row_losses(fitted, test)
    return losses


def row_losses(calibration: PooledCalibration, rows: CalibrationRows) -> Floats:
    """Log-loss of every row in nats, shape (n,)."""
    log_odds = calibration.log_odds(rows.margin, calibration.offsets.of_rows(rows.pooling_groups))
    losses: Floats = np.logaddexp(0.0, np.where(rows.label, -log_odds, log_odds))
    return losses


def paired_difference(losses: Floats, others: Floats, customer: Ints) -> tuple[float, float]:
    """Mean difference of paired losses, and its standard error clustered by customer."""
    gap = losses - others
    mean = float(gap.mean())
    per_customer = group_sums(customer, gap - mean)
    return mean, float(np.sqrt(per_customer @ per_customer)) / len(gap)


def _folds(rows: CalibrationRows, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Row indices held out and kept, for each fold."""
    dealt = np.random.default_rng(seed).permutation(rows.customers) % rows.folds
    fold = dealt[rows.customer]
    for number in range(rows.folds):
        yield np.flatnonzero(fold == number), np.flatnonzero(fold != number)
