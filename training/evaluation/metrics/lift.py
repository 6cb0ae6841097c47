"""Lift and gain by decile of predicted probability."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats


@dataclass(frozen=True, slots=True)
class LiftDecile:
    """One decile of the rows.

    Attributes
    ----------
    rows : int
    stated, rate : float
        Mean probability, and share with the outcome.
    lift : float
        The rate as a multiple of that of all rows.
    gain : float
        Cumulative gain: share of all outcomes in this and higher deciles.
    """

    rows: int
    stated: float
    rate: float
    lift: float
    gain: float


def lift_deciles(propensity: Floats, label: NDArray[np.bool_], count: int = 10) -> tuple[LiftDecile, ...]:
    """Deciles by falling probability, equal in size up to one row; empty where no outcome happened.

    Rows of equal probability count as their mean outcome, so that row order has no effect.
    """
    if not label.any():
        return ()
    order = np.argsort(-propensity, kind="stable")
    happened = average_ties(propensity, label.astype(np.float64))[order]
    total = float(happened.sum())
    parts = [part for part in np.array_split(np.arange(len(order)), count) if len(part)]
    return tuple(_decile(propensity[order], happened, part, total) for part in parts)


def average_ties(score: Floats, values: Floats) -> Floats:
    """Each value replaced by the mean of those with the same score, shape (n,)."""
    _, group, size = np.unique(score, return_inverse=True, return_counts=True)
    means: Floats = np.bincount(group, values)[group] / size[group]
    return means


def _decile(stated: Floats, happened: Floats, part: NDArray[np.intp], total: float) -> LiftDecile:
    rate = float(happened[part].mean())
    return LiftDecile(
        rows=len(part),
        stated=float(stated[part].mean()),
        rate=rate,
        lift=rate * len(happened) / total,
        gain=float(happened[: part[-1] + 1].sum()) / total,
    )
