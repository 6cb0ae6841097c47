"""Promotion gates: what must hold before a model may become champion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heed.decisioning.score import Floats
from heed.training.evaluation.gates.leak_detection import Leak
from heed.training.evaluation.metrics.probability_scores import Labels, Metrics, calibration_error_by_chance, log_losses

# Tolerated beyond chance, as a share of the base rate.
_TOLERATED_ERROR = 0.10
_SLOPES = (0.80, 1.25)
# One-sided 95 and 99 %.
_Z95, _Z99 = 1.645, 2.326


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition of promotion.

    Attributes
    ----------
    value, bound : float or None
        The measurement and its limit; None where nothing could be measured.
    sentence : str
        The result in words.
    """

    name: str
    passed: bool
    value: float | None
    bound: float | None
    sentence: str


@dataclass(frozen=True, eq=False)
class ChampionScores:
    """The current champion's probabilities for the same rows, or why there are none.

    Attributes
    ----------
    propensity : array of float, shape (n,), or None
    note : str
        Why there are none, or what weakens the comparison.
    """

    version: str
    propensity: Floats | None
    note: str = ""


def calibration_error_gate(metrics: Metrics, propensity: Floats, seed: int) -> Gate:
    """The calibration error is within chance plus a tenth of the base rate."""
    chance = calibration_error_by_chance(propensity, 0.99, seed)
    bound = chance + _TOLERATED_ERROR * metrics.rate
    passed = metrics.calibration_error <= bound
    sentence = (
        f"The calibration error is {metrics.calibration_error:.2%}; at most {bound:.2%} is allowed, "
        f"of which {chance:.2%} can be chance."
    )
    return Gate("calibration_error", passed, metrics.calibration_error, bound, sentence)


def calibration_slope_gate(metrics: Metrics) -> Gate:
    """The calibration slope, within its error, lies between 0.80 and 1.25: neither over- nor underconfident."""
    low, high = _SLOPES
    reach = _Z99 * metrics.slope_error
    passed = low - reach <= metrics.slope <= high + reach
    sentence = (
        f"The calibration slope is {metrics.slope:.2f} (standard error {metrics.slope_error:.2f}); "
        f"{low} to {high} is required."
    )
    nearest = low if metrics.slope < 1.0 else high
    return Gate("calibration_slope", passed, metrics.slope, nearest, sentence)


def base_rate_gate(propensity: Floats, label: Labels, base_rate: float) -> Gate:
    """The log loss is no worse than that of the base rate. No allowance for chance: automation is earned."""
    return _compared("base_rate", propensity, np.full(len(label), base_rate), label, "the base rate", allowance=0.0)


def champion_gate(propensity: Floats, label: Labels, champion: ChampionScores | None) -> Gate:
    """The log loss is no worse than the champion's on the same test rows, beyond chance (one-sided, 95 %).

    It passes where there is no comparison, and says why.
    """
    if champion is None:
        return _passed("champion", "There is no champion yet.")
    if champion.propensity is None:
        return _passed("champion", f"Champion {champion.version} cannot be compared: {champion.note}")
    gate = _compared("champion", propensity, champion.propensity, label, f"champion {champion.version}", allowance=_Z95)
    return replace(gate, sentence=f"{gate.sentence} {champion.note}".rstrip())


def leak_gate(leaks: Sequence[Leak]) -> Gate:
    """No feature is suspected of leaking the outcome."""
    sentence = " ".join(leak.sentence for leak in leaks) or "No feature is suspected of leaking the outcome."
    remedy = " Exclude it, or record it before the decision." if leaks else ""
    return Gate("leaks", not leaks, float(len(leaks)), 0.0, sentence + remedy)


def _passed(name: str, sentence: str) -> Gate:
    return Gate(name, passed=True, value=None, bound=None, sentence=sentence)


def _compared(name: str, own: Floats, other: Floats, label: Labels, whose: str, *, allowance: float) -> Gate:
    """Compare log loss row by row; worse by more than `allowance` standard errors fails."""
    difference = log_losses(own, label) - log_losses(other, label)
    mean = float(difference.mean())
    allowed = allowance * float(difference.std()) / float(np.sqrt(len(difference)))
    value, bound = float(log_losses(own, label).mean()), float(log_losses(other, label).mean()) + allowed
    side = "worse" if mean > 0 else "better"
    chance = f"; up to {allowed:.4f} worse can be chance" if allowance else ""
    sentence = f"Log loss {value:.4f}, {abs(mean):.4f} {side} than {whose}{chance}."
    return Gate(name, mean <= allowed, value, bound, sentence)
