"""What a model says of candidates: probabilities with their uncertainty, and why."""

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
    """What one feature added to one propensity.

    Attributes
    ----------
    feature : str
        Name of the feature in the model's schema.
    value : scalar
        Its value here; None where it is missing.
    log_odds : float
        Its SHAP value on the calibrated log-odds.
    points : float
        The same effect in percentage points of the served probability.
    words : str
        What the feature says, in words for people; empty where nothing but its name is known.
    """

    feature: str
    value: Scalar
    log_odds: float
    points: float
    words: str = ""


@dataclass(frozen=True)
class Explanation:
    """A propensity taken apart: base plus contributions give the served value, in log-odds and in points.

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
    """What a share of draws is worth as a probability: a line in the log-odds of the share.

    Draws know what the model knows that it does not know. A slope below 1 owns up to the rest. The rest matters less
    where the tolerance is wide beside what is at stake: that is what the leeway tells.

    Attributes
    ----------
    slope : float
        On the log-odds of the share; greater than 0.
    intercept : float
        In log-odds.
    leeway : float
        In log-odds, on the leeway of :func:`tolerance_ratio`.
    """

    slope: float = 1.0
    intercept: float = 0.0
    leeway: float = 0.0

    def of(self, share: Floats, draws: int, leeway: Floats | float = 0.0) -> Floats:
        """Probability of shares of so many draws and their leeways, strictly inside (0, 1), same shape."""
        least = 0.5 / draws
        inside = np.clip(share, least, 1.0 - least)
        margin = self.slope * np.log(inside / (1.0 - inside)) + self.leeway * leeway + self.intercept
        stated: Floats = 1.0 / (1.0 + np.exp(-margin))
        return stated


def tolerance_ratio(tolerance: float, shortfall: Floats) -> Floats:
    """How wide a tolerance is beside what is at stake: ``tolerance / (tolerance + shortfall)``, same shape.

    Parameters
    ----------
    tolerance : float
        At least 0.
    shortfall : array of float
        What the choice is expected to be worth less than the best, in the same currency; at least 0.

    Returns
    -------
    array of float
        In [0, 1]: 0 without tolerance, 1 where nothing is at stake.
    """
    whole = tolerance + np.asarray(shortfall, dtype=np.float64)
    return np.divide(tolerance, whole, out=np.zeros_like(whole), where=whole > 0.0)


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of n candidates, hold not among them, with K joint draws of the model's own uncertainty.

    Attributes
    ----------
    propensity : array of float, shape (n,)
        Calibrated probability of each action's outcome within its window, in (0, 1).
    low, high : array of float, shape (n,)
        Ends of the propensity's interval at the model's stated level, the shortest that holds it, in [0, 1].
    propensity_draws : array of float, shape (n, K)
        Joint draws of the propensities: column k is one state of the world that the model holds possible.
    explain : callable
        Why the actions at these places have their propensity, in the order asked for; worked out when asked.
    hold : float or None
        Probability of the same outcome under hold, where the training data can tell.
    uplift, uplift_low, uplift_high : array of float, shape (n,), or None
        Propensity minus the probability under hold, in [-1, 1], with the ends of its interval; None where the training
        data cannot tell.
    uplift_draws : array of float, shape (n, K), or None
        Draws of the uplift in the same states of the world.
    harm : array of float, shape (n,), or None
        Probability of opt-out, complaint or unsubscribe if contacted, where the training data can tell.
    harm_draws : array of float, shape (n, K), or None
        Joint draws of harm.
    trust : ConfidenceMap or None
        From the share of draws to confidence, where the model has learnt it; the share itself where not.
    certificate : Certificate or None
        From which confidence on heed may act alone, where that was certified for the model.
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
    """A trained model, seen from the decision: pure, and the same answer for the same facts."""

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        """Scores of these actions for this customer now, in one vectorised call."""
        ...
