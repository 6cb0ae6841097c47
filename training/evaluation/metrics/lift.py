"""What ranking by propensity buys: tenth by tenth, the most likely first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats


@dataclass(frozen=True, slots=True)
class LiftDecile:
    """A tenth of the rows.

    Attributes
    ----------
    rows : int
    stated, rate : float
        Mean probability, and share with the outcome.
    lift : float
        The rate as a multiple of that of all rows.
    gain : float
        Share of all outcomes that are in this and the better tenths.
    """

    rows: int
    stated: float
    rate: float
    lift: float
    gain: float


def tenths(propensity: Floats, label: NDArray[np.bool_], count: int = 10) -> tuple[LiftDecile, ...]:
    """Tenths by falling probability, of equally many rows but for one; none where no outcome happened.

    Rows of equal probability count each as their mean outcome, so that the order in which they stand tells nothing.
    """
    if not label.any():
        return ()
    order = np.argsort(-propensity, kind="stable")
    happened = average_ties(propensity, label.astype(np.float64))[order]
    total = float(happened.sum())
    parts = [part for part in np.array_split(np.arange(len(order)), count) if len(part)]
    return tuple(_tenth(propensity[order], happened, part, total) for part in parts)


def average_ties(score: Floats, values: Floats) -> Floats:
    """Each value replaced by the mean of those with the same score, shape (n,)."""
    _, place, size = np.unique(score, return_inverse=True, return_counts=True)
    means: Floats = np.bincount(place, values)[place] / size[place]
    return means


def _tenth(stated: Floats, happened: Floats, part: NDArray[np.intp], total: float) -> LiftDecile:
    rate = float(happened[part].mean())
    return LiftDecile(
        rows=len(part),
        stated=float(stated[part].mean()),
        rate=rate,
        lift=rate * len(happened) / total,
        gain=float(happened[: part[-1] + 1].sum()) / total,
    )
