"""Decomposition of the Brier score into reliability, resolution and uncertainty."""

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
        Miscalibration, at least 0; lower is better.
    resolution : float
        Discrimination, at least 0; higher is better.
    uncertainty : float
        The score of the base rate: rate x (1 - rate).
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float

    @property
    def skill(self) -> float | None:
        """Brier skill score: 1 is perfect, 0 no better than the base rate; None without uncertainty."""
        return None if self.uncertainty == 0.0 else 1.0 - self.brier / self.uncertainty


def decompose(propensity: Floats, label: NDArray[np.bool_]) -> Decomposition:
    """The CORP decomposition: rows are recalibrated by isotonic regression on themselves, with no bins to choose.

    Dimitriadis, Gneiting and Jordan, "Stable reliability diagrams for probabilistic classifiers", PNAS 118 (2021).
    Where each distinct probability is frequent and the rates rise, it equals the decomposition of Murphy, "A new vector
    partition of the probability score", J. Appl. Meteorol. 12 (1973). The recalibration is fitted on the evaluated
    rows, so reliability and resolution are both somewhat too high on few rows.

    Parameters
    ----------
    propensity : array of float, shape (n,), n at least 1
    """
    happened = label.astype(np.float64)
    recalibrated = _recalibrated(propensity, happened)
    base_rate = np.full(len(label), happened.mean())
    brier, best, flat = (
        float(np.mean((forecast - happened) ** 2)) for forecast in (propensity, recalibrated, base_rate)
    )
    return Decomposition(brier, brier - best, flat - best, flat)


def _recalibrated(propensity: Floats, happened: Floats) -> Floats:
    """Isotonic fit, shape (n,); equal probabilities share one rate."""
    index = np.unique(propensity, return_inverse=True)[1]
    rows = np.bincount(index).astype(np.float64)
    # IsotonicRegression would interpolate between probabilities and divide by gaps near zero.
    rates = isotonic_regression(np.bincount(index, happened) / rows, sample_weight=rows, y_min=0.0, y_max=1.0)
    fitted: Floats = rates[index]
    return fitted
