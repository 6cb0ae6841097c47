"""The families of calibration curves, the simplest first, and the data each one needs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.model.calibrators.beta import fit_beta
from heed.training.model.calibrators.curve import Curve, straight_line
from heed.training.model.calibrators.isotonic import fit_isotonic
from heed.training.model.calibrators.sigmoid import fit_sigmoid
from heed.training.model.calibrators.spline import fit_spline
from heed.training.model.calibrators.venn_abers import fit_venn_abers


@dataclass(frozen=True, slots=True)
class CalibrationFamily:
    """A family of calibration curves.

    Attributes
    ----------
    fit : callable
        From margin and label, shape (n,) each, to a curve.
    min_minority_rows : int
        Minimum number of rows of the rarer class.
    reason : str
        The reason for that minimum.
    """

    name: str
    fit: Callable[[Floats, NDArray[np.bool_]], Curve]
    min_minority_rows: int
    reason: str


_NONPARAMETRIC = "it follows the data step by step and learns noise from fewer than about a thousand cases"


def _identity(margin: Floats, label: NDArray[np.bool_]) -> Curve:  # noqa: ARG001 -- a family's signature
    """The booster's own log-odds, which are often well calibrated with small trees and many rows."""
    return straight_line(1.0, 0.0)


IDENTITY = CalibrationFamily("identity", _identity, 0, "nothing is fitted")
SIGMOID = CalibrationFamily("sigmoid", fit_sigmoid, 0, "two numbers, held finite by Platt's targets")

# A logistic regression needs about twenty cases of the rarer class per coefficient (Austin and Steyerberg, Statistical
# Methods in Medical Research 26, 2017). Isotonic regression overtakes Platt scaling from about a thousand cases
# (Niculescu-Mizil and Caruana, ICML 2005), counted here in the rarer class.
FAMILIES = (
    IDENTITY,
    SIGMOID,
    CalibrationFamily("beta", fit_beta, 60, "three coefficients at twenty cases of the rarer class each"),
    CalibrationFamily(
        "spline", fit_spline, 200, "six coefficients and six knots, at over thirty cases of the rarer class each"
    ),
    CalibrationFamily("venn_abers", fit_venn_abers, 1000, _NONPARAMETRIC),
    CalibrationFamily("isotonic", fit_isotonic, 1000, _NONPARAMETRIC),
)
