"""The families of calibration curves, the simplest first, and what each needs before it may be chosen."""

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
    """A kind of calibration curve.

    Attributes
    ----------
    fit : callable
        From margin and label, shape (n,) each, to a curve.
    least : int
        Rows with the outcome, and rows without, that it needs: of both at least so many.
    why : str
        The reason for that number.
    """

    name: str
    fit: Callable[[Floats, NDArray[np.bool_]], Curve]
    least: int
    why: str


_FREE = "it follows the data step by step and learns noise from fewer than about a thousand cases"


def _as_it_is(margin: Floats, label: NDArray[np.bool_]) -> Curve:  # noqa: ARG001 -- a family's signature
    """The booster's own log-odds: with small trees and many rows they are often as good as any correction."""
    return straight_line(1.0, 0.0)


IDENTITY = CalibrationFamily("identity", _as_it_is, 0, "nothing is fitted")
SIGMOID = CalibrationFamily("sigmoid", fit_sigmoid, 0, "two numbers, held finite by Platt's targets")

# Twenty cases of the rarer class for each coefficient keep a logistic regression from leaning on chance (Austin and
# Steyerberg, Statistical Methods in Medical Research 26, 2017); isotonic regression overtakes Platt's line from about a
# thousand cases (Niculescu-Mizil and Caruana, ICML 2005), which here are counted in the rarer class.
FAMILIES = (
    IDENTITY,
    SIGMOID,
    CalibrationFamily("beta", fit_beta, 60, "three coefficients at twenty cases of the rarer class each"),
    CalibrationFamily(
        "spline", fit_spline, 200, "six coefficients and six knots, at over thirty cases of the rarer class each"
    ),
    CalibrationFamily("venn_abers", fit_venn_abers, 1000, _FREE),
    CalibrationFamily("isotonic", fit_isotonic, 1000, _FREE),
)
