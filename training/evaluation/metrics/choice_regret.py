"""Regret of choices against a known ground truth, as in a simulation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import Bins
from heed.training.evaluation.metrics.risk_coverage import RiskCoverage, confidence_bins, risk_coverage

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrueChoiceValues:
    """Choices compared with the true net values.

    Attributes
    ----------
    regret : array of float, shape (n,)
        True value lost against the best candidate, hold included; at least 0, in currency.
    good : array of bool, shape (n,)
        Whether the regret is within the tolerance.
    bins : Bins
        Confidence against the share of good choices.
    curve : RiskCoverage
        Mean regret of the most confident choices.
    """

    regret: Floats
    good: NDArray[np.bool_]
    bins: Bins
    curve: RiskCoverage


def compare_with_truth(truth: Floats, chosen: Ints, confidence: Floats, tolerance: float = 0.0) -> TrueChoiceValues:
    """Compare choices with the true net values.

    Parameters
    ----------
    truth : array of float, shape (n, actions)
        True net value of each action, hold being 0; minus infinity where an action was not a candidate.
    chosen : array of int, shape (n,)
        Index of the chosen action, -1 for hold.
    confidence : array of float, shape (n,)
    tolerance : float
        In the currency of the net values.
    """
    worth = np.concatenate([truth, np.zeros((len(truth), 1))], axis=1)
    regret = worth.max(axis=1) - worth[np.arange(len(worth)), chosen]
    # Sums in another order differ in their last digits.
    good = regret <= tolerance + 1e-12
    return TrueChoiceValues(regret, good, confidence_bins(confidence, good), risk_coverage(confidence, regret))
