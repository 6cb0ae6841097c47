"""Select the calibration family, and whether actions get offsets, by cross-fitted log-loss."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.errors import TrainingError
from heed.training.model.calibrators.cross_validation import (
    CalibrationPlan,
    CalibrationRows,
    cross_fit_losses,
    paired_difference,
)
from heed.training.model.calibrators.families import FAMILIES, SIGMOID
from heed.training.model.calibrators.pooled_calibration import PooledCalibration
from heed.training.model.calibrators.pooling_groups import Ints, PoolingGroups

SELECTION_RULE = (
    "the simplest that no other beats by more than one standard error of the paired difference in cross-fitted "
    "log-loss; simple to free: identity, sigmoid, beta, spline, venn_abers, isotonic, then the same with offsets"
)


@dataclass(frozen=True)
class CalibrationCandidate:
    """One calibration plan and its cross-fitted result.

    Attributes
    ----------
    log_loss : float or None
        Mean per row in nats; None if it was not tried.
    difference, standard_error : float or None
        Its log-loss minus that of the simplest plan, and the standard error clustered by customer.
    reason : str
        Why it was chosen, not chosen or not tried.
    """

    family: str
    offsets: bool
    log_loss: float | None
    difference: float | None
    standard_error: float | None
    reason: str


@dataclass(frozen=True, eq=False)
class SelectedCalibration:
    """A calibration and the record of its selection, JSON-ready.

    Attributes
    ----------
    record : dict
        ``chosen`` (family, offsets, knots), ``rule``, ``rows``, ``positives``, ``customers``, ``folds``, ``spread`` (of
        the offsets by category, channel and action) and ``candidates``, one :class:`CalibrationCandidate` each.
    """

    calibration: PooledCalibration
    record: dict[str, Any]


def select_calibration(
    margin: Floats,
    label: NDArray[np.bool_],
    pooling_groups: PoolingGroups,
    groups: Ints,
    seed: int = 0,
    *,
    by_action: bool = False,
) -> SelectedCalibration:
    """Select a calibration by cross-fitting, and fit it on all rows.

    Every family, without and with offsets by action, is evaluated by five-fold cross-fitting over customers. The rule,
    :data:`SELECTION_RULE`, prefers simple calibrations. Families that need more rows than there are, are not tried (see
    :data:`heed.training.model.calibrators.families.FAMILIES`).

    Parameters
    ----------
    margin : array of float, shape (n,)
        Out-of-fold margins in log-odds.
    label : array of bool, shape (n,)
        Whether the outcome happened.
    pooling_groups : PoolingGroups
        Action, channel and category of each row.
    groups : array of int, shape (n,)
        Customer index of each row.
    seed : int
        Assigns customers to folds. The same arguments give the same result.
    by_action : bool
        Whether actions always get offsets, if there are several actions and enough rows. For rare outcomes log-loss
        hardly detects differences between actions, and the pooling keeps the offsets small.

    Raises
    ------
    TrainingError
        If there are no rows.
    """
    if len(margin) == 0:
        remedy = "give more contacts, or customers, to train on"
        raise TrainingError("no rows are left to calibrate on", field="contacts", value=0, remedy=remedy)
    customer = np.unique(groups, return_inverse=True)[1]
    unsorted = CalibrationRows(margin, label, pooling_groups, customer)
    # Sorted by margin, which makes sorting in the families cheap.
    rows = unsorted.take(np.argsort(margin, kind="stable"))
    if rows.folds < 2:
        return _single_customer(rows)
    plans = _plans(rows)
    if by_action:
        plans = [plan for plan in plans if plan.offsets] or plans
    losses = cross_fit_losses(rows, plans, seed)
    best = _first_unbeaten(losses, rows.customer)
    candidates = [*_evaluated(plans, losses, best, rows.customer), *_untried(plans, rows)]
    return _chosen(rows, plans[best], candidates)


def _plans(rows: CalibrationRows) -> list[CalibrationPlan]:
    """Plans with enough rows, the simplest first; all without offsets come before all with them.

    The identity gets no offsets: their intercept and slope would make it the sigmoid.
    """
    enough = [family for family in FAMILIES if rows.minority_count >= family.min_minority_rows]
    pooled = enough[1:] if len(rows.pooling_groups.actions) > 1 else []
    return [CalibrationPlan(family, offsets=False) for family in enough] + [
        CalibrationPlan(family, offsets=True) for family in pooled
    ]


def _first_unbeaten(losses: Floats, customer: Ints) -> int:
    """Index of the first plan that no other beats by more than one standard error."""
    unbeaten = (
        index
        for index, mine in enumerate(losses)
        if not any(gap < -error for gap, error in (paired_difference(other, mine, customer) for other in losses))
    )
    return next(unbeaten)


def _single_customer(rows: CalibrationRows) -> SelectedCalibration:
    reason = "chosen: the rows of one customer leave nothing to compare on"
    plan = CalibrationPlan(SIGMOID, offsets=False)
    return _chosen(rows, plan, [CalibrationCandidate(plan.family.name, plan.offsets, None, None, None, reason)])


def _chosen(
    rows: CalibrationRows, plan: CalibrationPlan, candidates: Sequence[CalibrationCandidate]
) -> SelectedCalibration:
    calibration = plan.fit(rows)
    knots = len(calibration.curve.margin)
    record = {
        "chosen": {"family": plan.family.name, "offsets": plan.offsets, "knots": knots},
        "rule": SELECTION_RULE,
        "rows": len(rows.label),
        "positives": int(rows.label.sum()),
        "customers": rows.customers,
        "folds": rows.folds,
        "spread": dict(calibration.offsets.spread),
        "candidates": [asdict(candidate) for candidate in candidates],
    }
    return SelectedCalibration(calibration, record)


def _evaluated(
    plans: Sequence[CalibrationPlan], losses: Floats, best: int, customer: Ints
) -> Iterator[CalibrationCandidate]:
    for index, plan in enumerate(plans):
        gap, error = paired_difference(losses[index], losses[0], customer)
        reason = _reason(losses, index, best, customer)
        yield CalibrationCandidate(plan.family.name, plan.offsets, float(losses[index].mean()), gap, error, reason)


def _untried(plans: Sequence[CalibrationPlan], rows: CalibrationRows) -> Iterator[CalibrationCandidate]:
    tried = {plan.family for plan in plans}
    for family in FAMILIES:
        if family not in tried and rows.minority_count < family.min_minority_rows:
            needed = f"it needs {family.min_minority_rows}: {family.reason}"
            reason = f"not tried: {rows.minority_count} rows of the rarer class where {needed}"
            yield CalibrationCandidate(
                family.name, offsets=False, log_loss=None, difference=None, standard_error=None, reason=reason
            )


def _reason(losses: Floats, index: int, best: int, customer: Ints) -> str:
    if index == best:
        return "chosen: the simplest that no other beats by more than one standard error"
    gap, error = paired_difference(losses[index], losses[best], customer)
    comparison = f"{gap:+.6f} nats a row against the chosen, standard error {error:.6f}"
    return f"simpler, but clearly beaten: {comparison}" if index < best else f"less simple, and no better: {comparison}"
