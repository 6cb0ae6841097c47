"""What confidence is worth: the loss that remains when only the surest decisions are taken."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import Bins, equal_mass_bins
from heed.training.evaluation.metrics.lift import average_ties

_LEAST = 500


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Mean loss of the surest decisions, by how many are taken.

    Attributes
    ----------
    coverage, risk, ideal : array of float, shape (n,)
        Share of decisions taken, their mean loss, and what it would be if the least losses came first.
    """

    coverage: Floats
    risk: Floats
    ideal: Floats

    @property
    def area(self) -> float:
        """Mean of the risk over all coverages (AURC)."""
        return float(self.risk.mean())

    @property
    def ideal_area(self) -> float:
        """The same for the ideal order."""
        return float(self.ideal.mean())

    @property
    def by_chance(self) -> float:
        """The same for an order that knows nothing: the mean loss."""
        return float(self.risk[-1])

    @property
    def captured(self) -> float | None:
        """Share of the way from chance to the ideal, 1 at best; None where there is no way to go."""
        way = self.by_chance - self.ideal_area
        return None if way <= 0.0 else (self.by_chance - self.area) / way


def risk_coverage(confidence: Floats, loss: Floats) -> RiskCoverage:
    """The curve of Geifman and El-Yaniv, "Selective classification for deep neural networks" (NIPS 2017).

    Parameters
    ----------
    confidence, loss : array of float, shape (n,), n at least 1
        Decisions of equal confidence count each with their mean loss.
    """
    taken = np.arange(1, len(loss) + 1)
    order = np.argsort(-confidence, kind="stable")
    risk = np.cumsum(average_ties(confidence, loss)[order]) / taken
    return RiskCoverage(taken / len(loss), risk, np.cumsum(np.sort(loss)) / taken)


def confidence_bins(confidence: Floats, good: NDArray[np.bool_], least: int = _LEAST) -> Bins:
    """Stated confidence beside how often it was right, in at most ten groups of at least `least` decisions.

    Parameters
    ----------
    good : array of bool, shape (n,)
        Whether nothing else would have been better by more than the tolerance.
    """
    return equal_mass_bins(confidence, good, max(1, min(10, len(good) // least)))
