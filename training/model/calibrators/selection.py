"""Choosing the family of the curve, and whether actions get offsets, by cross-fitted log-loss."""

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
    """One plan, and how it did on customers it was not fitted on.

    Attributes
    ----------
    log_loss : float or None
        Mean per row in nats; None where it was not tried.
    difference, standard_error : float or None
        Its log-loss minus that of the simplest plan, with the standard error between customers.
    reason : str
        Why it was not tried, was not chosen, or was.
    """

    family: str
    offsets: bool
    log_loss: float | None
    difference: float | None
    standard_error: float | None
    reason: str


@dataclass(frozen=True, eq=False)
class SelectedCalibration:
    """A calibration, and the record of how it was chosen, ready for JSON.

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
    """The calibration that cross-fitting prefers, fitted on all rows, and why.

    Every family is fitted on four fifths of the customers and judged on the others, in turn, without offsets by action
    and with them. For the choice see :data:`SELECTION_RULE`: a more elaborate calibration must earn its place. Families
    that need more rows than there are, are not tried (see :data:`heed.training.model.calibrators.families.FAMILIES`).

    Parameters
    ----------
    margin : array of float, shape (n,)
        Raw scores in log-odds, of a booster that has not seen the row's customer.
    label : array of bool, shape (n,)
        Whether the outcome happened.
    pooling_groups : PoolingGroups
        The action of each row.
    groups : array of int, shape (n,)
        Which customer each row is of.
    seed : int
        Deals customers into folds. The same arguments give the same choice.
    by_action : bool
        Whether actions get offsets in any case, if there are several and enough rows. Of rare outcomes the log-loss
        hardly shows what tells actions apart, and the offsets are as small as the rows say.

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
    # By rising margin, so that the families' own sorting costs little.
    rows = unsorted.take(np.argsort(margin, kind="stable"))
    if rows.folds < 2:
        return _alone(rows)
    plans = _plans(rows)
    if by_action:
        plans = [plan for plan in plans if plan.offsets] or plans
    losses = cross_fit_losses(rows, plans, seed)
    best = _first_unbeaten(losses, rows.customer)
    candidates = [*_judged(plans, losses, best, rows.customer), *_untried(plans, rows)]
    return _chosen(rows, plans[best], candidates)


def _plans(rows: CalibrationRows) -> list[CalibrationPlan]:
    """Plans with enough rows, the simplest first, all without offsets before all with them.

    The identity gets none: offsets come with an intercept and a slope, which would make it the sigmoid.
    """
    enough = [family for family in FAMILIES if rows.rarer >= family.least]
    pooled = enough[1:] if len(rows.pooling_groups.actions) > 1 else []
    return [CalibrationPlan(family, offsets=False) for family in enough] + [
        CalibrationPlan(family, offsets=True) for family in pooled
    ]


def _first_unbeaten(losses: Floats, customer: Ints) -> int:
    """Place of the first plan that no other beats clearly; the one with the least loss is never beaten."""
    unbeaten = (
        place
        for place, mine in enumerate(losses)
        if not any(gap < -error for gap, error in (paired_difference(other, mine, customer) for other in losses))
    )
    return next(unbeaten)


def _alone(rows: CalibrationRows) -> SelectedCalibration:
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


def _judged(
    plans: Sequence[CalibrationPlan], losses: Floats, best: int, customer: Ints
) -> Iterator[CalibrationCandidate]:
    for place, plan in enumerate(plans):
        gap, error = paired_difference(losses[place], losses[0], customer)
        reason = _reason(losses, place, best, customer)
        yield CalibrationCandidate(plan.family.name, plan.offsets, float(losses[place].mean()), gap, error, reason)


def _untried(plans: Sequence[CalibrationPlan], rows: CalibrationRows) -> Iterator[CalibrationCandidate]:
    tried = {plan.family for plan in plans}
    for family in FAMILIES:
        if family not in tried and rows.rarer < family.least:
            reason = f"not tried: {rows.rarer} rows of the rarer class where it needs {family.least}: {family.why}"
            yield CalibrationCandidate(
                family.name, offsets=False, log_loss=None, difference=None, standard_error=None, reason=reason
            )


def _reason(losses: Floats, place: int, best: int, customer: Ints) -> str:
    if place == best:
        return "chosen: the simplest that no other beats by more than one standard error"
    gap, error = paired_difference(losses[place], losses[best], customer)
    said = f"{gap:+.6f} nats a row against the chosen, standard error {error:.6f}"
    return f"simpler, but clearly beaten: {said}" if place < best else f"less simple, and no better: {said}"
