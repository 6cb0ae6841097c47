"""Judging calibrations on customers they were not fitted on."""

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
    """What there is to calibrate on, n rows.

    Attributes
    ----------
    margin : array of float, shape (n,)
        Of a booster that has not seen the row.
    label : array of bool, shape (n,)
    pooling_groups : PoolingGroups
        Their actions.
    customer : array of int, shape (n,)
        Whose rows they are, from 0 without gaps.
    """

    margin: Floats
    label: NDArray[np.bool_]
    pooling_groups: PoolingGroups
    customer: Ints

    def take(self, rows: Ints) -> "CalibrationRows":
        """The rows at these positions."""
        return CalibrationRows(self.margin[rows], self.label[rows], self.pooling_groups.take(rows), self.customer[rows])

    @property
    def rarer(self) -> int:
        """How many rows are of the rarer class."""
        positives = int(self.label.sum())
        return min(positives, len(self.label) - positives)

    @property
    def customers(self) -> int:
        """How many customers the rows are of."""
        return int(self.customer.max()) + 1

    @property
    def folds(self) -> int:
        """In how many parts the customers can be dealt, at most five."""
        return min(FOLDS, self.customers)


@dataclass(frozen=True, slots=True)
class CalibrationPlan:
    """A way to calibrate: a family of curves, with or without offsets by action."""

    family: CalibrationFamily
    offsets: bool

    def fit(self, rows: CalibrationRows, near: ActionOffsets | None = None) -> PooledCalibration:
        """The calibration of these rows; `near` are offsets of a like fit, which save time."""
        curve = self.family.fit(rows.margin, rows.label)
        if not self.offsets:
            return PooledCalibration(curve, ActionOffsets())
        return PooledCalibration(*fit_offsets(curve, rows.margin, rows.label, rows.pooling_groups, near))


def cross_fit_losses(rows: CalibrationRows, plans: Sequence[CalibrationPlan], seed: int) -> Floats:
    """Log-loss of every row in nats, under every plan fitted without the row's customer: shape (plans, n).

    Parameters
    ----------
    rows : CalibrationRows
        Of at least two customers.
    seed : int
        Deals the customers into folds.
    """
    losses = np.empty((len(plans), len(rows.label)))
    for held, kept in _folds(rows, seed):
        train, judged, near = rows.take(kept), rows.take(held), None
        for place, plan in enumerate(plans):
            fitted = plan.fit(train, near)
            near = fitted.offsets if plan.offsets else None
            losses[place, held] = row_losses(fitted, judged)
    return losses


def row_losses(calibration: PooledCalibration, rows: CalibrationRows) -> Floats:
    """Log-loss of every row in nats, shape (n,)."""
    log_odds = calibration.log_odds(rows.margin, calibration.offsets.of_rows(rows.pooling_groups))
    losses: Floats = np.logaddexp(0.0, np.where(rows.label, -log_odds, log_odds))
    return losses


def paired_difference(losses: Floats, others: Floats, customer: Ints) -> tuple[float, float]:
    """Mean of the row by row difference, and its standard error with customers as the units that vary."""
    gap = losses - others
    mean = float(gap.mean())
    per_customer = group_sums(customer, gap - mean)
    return mean, float(np.sqrt(per_customer @ per_customer)) / len(gap)


def _folds(rows: CalibrationRows, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Positions of the rows held out and of those kept."""
    dealt = np.random.default_rng(seed).permutation(rows.customers) % rows.folds
    fold = dealt[rows.customer]
    for number in range(rows.folds):
        yield np.flatnonzero(fold == number), np.flatnonzero(fold != number)
