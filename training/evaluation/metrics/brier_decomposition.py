"""The Brier score taken apart: how far probabilities are off, and how well they tell rows apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from heed.decisioning.score import Floats


@dataclass(frozen=True, slots=True)
class Decomposition:
    """``brier = reliability - resolution + uncertainty``, exactly.

    Attributes
    ----------
    brier : float
        Mean squared distance between probability and outcome.
    reliability : float
        What the score loses because stated and realised probability differ, at least 0; the less the better.
    resolution : float
        What it gains because rows are told apart, at least 0; the more the better.
    uncertainty : float
        The score of one true probability for all: rate x (1 - rate).
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float

    @property
    def skill(self) -> float | None:
        """Share of the uncertainty that is gone: 1 is perfect, 0 no better than the rate; None where all is certain."""
        return None if self.uncertainty == 0.0 else 1.0 - self.brier / self.uncertainty


def decompose(propensity: Floats, label: NDArray[np.bool_]) -> Decomposition:
    """The CORP decomposition: rows are recalibrated by isotonic regression on themselves, with no bins to choose.

    Dimitriadis, Gneiting and Jordan, "Stable reliability diagrams for probabilistic classifiers", PNAS 118 (2021).
    Where each distinct probability is met often and their rates rise, it is the decomposition of Murphy, "A new vector
    partition of the probability score", J. Appl. Meteorol. 12 (1973). The recalibration sees the rows that it judges,
    so both reliability and resolution are somewhat too high on few rows.

    Parameters
    ----------
    propensity : array of float, shape (n,), n at least 1
    """
    happened = label.astype(np.float64)
    recalibrated = _recalibrated(propensity, happened)
    scores = [
        float(np.mean((said - happened) ** 2))
        for said in (propensity, recalibrated, np.full(len(label), happened.mean()))
    ]
    brier, best, flat = scores
    return Decomposition(brier, brier - best, flat - best, flat)


def _recalibrated(propensity: Floats, happened: Floats) -> Floats:
    """The rising rates that fit best, shape (n,); equal probabilities have one rate."""
    place = np.unique(propensity, return_inverse=True)[1]
    rows = np.bincount(place).astype(np.float64)
    # The class would interpolate between probabilities, and divide by gaps that rounding leaves of nothing.
    rates = isotonic_regression(np.bincount(place, happened) / rows, sample_weight=rows, y_min=0.0, y_max=1.0)
    found: Floats = rates[place]
    return found
