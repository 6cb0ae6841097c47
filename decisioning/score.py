"""A model's scores of candidates: probabilities with their uncertainty and their explanation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import Action
from heed.decisioning.certificate import Certificate
from heed.decisioning.customer import Facts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Contribution:
    """The contribution of one feature to one propensity.

    Attributes
    ----------
    feature : str
        Name of the feature in the model's schema.
    value : scalar
        Its value; None where missing.
    log_odds : float
        Its SHAP value on the calibrated log-odds.
    points : float
        The same effect in percentage points of the served probability.
    words : str
        The feature's label for people; empty where it has none.
    """

    feature: str
    value: Scalar
    log_odds: float
    points: float
    words: str = ""


@dataclass(frozen=True)
class Explanation:
    """A propensity as base plus contributions, in log-odds and in percentage points.

    Attributes
    ----------
    base_log_odds, log_odds : float
        Calibrated log-odds before and after the contributions.
    base_probability, probability : float
        The same as probabilities; `probability` is the propensity that was served.
    contributions : tuple of Contribution
        Largest effect first.
    """

    base_log_odds: float
    base_probability: float
    log_odds: float
    probability: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class ConfidenceMap:
    """Calibration of confidence: a linear map from the log-odds of a share of draws to the log-odds of a probability.

    The draws cover only the model's stated uncertainty. A slope below 1 accounts for the rest, which matters less
    where the tolerance is wide compared with the amount at stake; the third coefficient accounts for that.

    Attributes
    ----------
    slope : float
        Coefficient of the log-odds of the share; greater than 0.
    intercept : float
        In log-odds.
    leeway : float
        Coefficient of the tolerance ratio, in log-odds; see :func:`tolerance_ratio`.
    """

    slope: float = 1.0
    intercept: float = 0.0
    leeway: float = 0.0

    def of(self, share: Floats, draws: int, leeway: Floats | float = 0.0) -> Floats:
        """Probabilities, strictly inside (0, 1), for shares of so many draws and their tolerance ratios; same shape."""
        least = 0.5 / draws
        inside = np.clip(share, least, 1.0 - least)
        margin = self.slope * np.log(inside / (1.0 - inside)) + self.leeway * leeway + self.intercept
        stated: Floats = 1.0 / (1.0 + np.exp(-margin))
        return stated


def tolerance_ratio(tolerance: float, shortfall: Floats) -> Floats:
    """Tolerance relative to the amount at stake: ``tolerance / (tolerance + shortfall)``, same shape.

    Parameters
    ----------
    tolerance : float
        At least 0.
    shortfall : array of float
        Expected loss of the choice against the best, in the same currency; at least 0.

    Returns
    -------
    array of float
        In [0, 1]: 0 without tolerance, 1 where nothing is at stake.
    """
    whole = tolerance + np.asarray(shortfall, dtype=np.float64)
    return np.divide(tolerance, whole, out=np.zeros_like(whole), where=whole > 0.0)


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of n candidates without hold, and K joint draws of the model's own uncertainty.

    Attributes
    ----------
    propensity : array of float, shape (n,)
        Calibrated probability of each action's outcome within its window, in (0, 1).
    low, high : array of float, shape (n,)
        Bounds of the shortest interval of the propensity at the model's stated level, in [0, 1].
    propensity_draws : array of float, shape (n, K)
        Joint draws of the propensities: each column is one sample of the model's parameters.
    explain : callable
        Explains the propensities at the given indices, in their order; computed on demand.
    hold : float or None
        Probability of the same outcome under hold; None where the training data cannot tell.
    uplift, uplift_low, uplift_high : array of float, shape (n,), or None
        Propensity minus the probability under hold, in [-1, 1], with its interval; None where the training data cannot
        tell.
    uplift_draws : array of float, shape (n, K), or None
        Draws of the uplift, from the same samples.
    harm : array of float, shape (n,), or None
        Probability of opt-out, complaint or unsubscribe if contacted; None where the training data cannot tell.
    harm_draws : array of float, shape (n, K), or None
        Joint draws of harm.
    trust : ConfidenceMap or None
        Calibration of confidence; without it, confidence is the share of draws.
    certificate : Certificate or None
        The confidence above which heed may act without review, where certified for the model.
    """

    propensity: Floats
    low: Floats
    high: Floats
    propensity_draws: Floats
    explain: Callable[[Sequence[int]], tuple[Explanation, ...]]
    hold: float | None = None
    uplift: Floats | None = None
    uplift_low: Floats | None = None
    uplift_high: Floats | None = None
    uplift_draws: Floats | None = None
    harm: Floats | None = None
    harm_draws: Floats | None = None
    trust: ConfidenceMap | None = None
    certificate: Certificate | None = None


class Scorer(Protocol):
    """A trained model, seen from the decision: pure, and the same scores for the same facts."""

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        """Scores of these actions for this customer now, in one vectorised call."""
        ...
