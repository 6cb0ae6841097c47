"""Risk-coverage curves: the loss that remains when only the most confident decisions are taken."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import Bins, equal_mass_bins
from heed.training.evaluation.metrics.lift import average_ties

_MIN_BIN = 500


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Mean loss of the most confident decisions, by coverage.

    Attributes
    ----------
    coverage, risk, ideal : array of float, shape (n,)
        Share of decisions taken, their mean loss, and the mean loss in the ideal order.
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
        """The same for a random order: the mean loss."""
        return float(self.risk[-1])

    @property
    def captured(self) -> float | None:
        """Share of the gap between chance and ideal that is closed, at most 1; None without a gap."""
        gap = self.by_chance - self.ideal_area
        return None if gap <= 0.0 else (self.by_chance - self.area) / gap


def risk_coverage(confidence: Floats, loss: Floats) -> RiskCoverage:
    """The curve of Geifman and El-Yaniv, "Selective classification for deep neural networks" (NIPS 2017).

    Parameters
    ----------
    confidence, loss : array of float, shape (n,), n at least 1
        Decisions of equal confidence count with their mean loss.
    """
    taken = np.arange(1, len(loss) + 1)
    order = np.argsort(-confidence, kind="stable")
    risk = np.cumsum(average_ties(confidence, loss)[order]) / taken
    return RiskCoverage(taken / len(loss), risk, np.cumsum(np.sort(loss)) / taken)


def confidence_bins(confidence: Floats, good: NDArray[np.bool_], min_rows: int = _MIN_BIN) -> Bins:
    """Confidence against the share of good choices, in at most ten bins of at least `min_rows` decisions.

    Parameters
    ----------
    good : array of bool, shape (n,)
        Whether no alternative was better by more than the tolerance.
    """
    return equal_mass_bins(confidence, good, max(1, min(10, len(good) // min_rows)))
