"""The decision as a frozen value with its reasons."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from heed.decisioning.score import Explanation
from heed.decisioning.verdict import Effect, Verdict


class Disposition(StrEnum):
    """The three ways a decision can end."""

    ACT = "act"
    HOLD = "hold"
    REVIEW = "review"


class Explain(StrEnum):
    """Which candidates are explained."""

    NONE = "none"
    CHOSEN = "chosen"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One action as the decision saw it.

    Attributes
    ----------
    rank : int
        Rank by net value among all candidates, hold included, from 1.
    propensity, low, high : float or None
        Calibrated probability of the outcome with its interval. None for hold where the training data cannot tell.
    uplift, uplift_low, uplift_high : float or None
        Propensity minus the probability under hold, with its interval; None where the training data cannot tell.
    harm : float or None
        None where the training data cannot tell.
    net_value : float
        In the catalogue's currency; 0 for hold.
    effect : Effect
        All verdicts together.
    """

    action_id: str
    rank: int
    propensity: float | None
    low: float | None
    high: float | None
    uplift: float | None
    uplift_low: float | None
    uplift_high: float | None
    harm: float | None
    net_value: float
    effect: Effect
    verdicts: tuple[Verdict, ...] = ()
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What heed decided for one customer at one moment.

    Attributes
    ----------
    disposition : Disposition
        Act, hold or review.
    action_id : str or None
        The action to execute. Only an act names one, so a caller who reads nothing else cannot contact by mistake.
    proposed_action_id : str or None
        The action that a person reviews, or that shadow mode would have executed.
    contact_point : str or None
        Where to reach the customer for the action or the proposal.
    confidence : float
        Probability that the choice is within the policy's tolerance of the best admissible alternative.
    reasons : tuple of str
        The reasons, in sentences.
    binding_rule : str or None
        The rule that turned an act into a hold or a review.
    eligible_at : datetime or None
        When the customer can be contacted again, where known.
    candidates : tuple of Candidate
        All candidates, hold included, best first.
    shortfall : float
        Expected loss against the best admissible alternative under the model's own uncertainty, in the catalogue's
        currency; at least 0.
    """

    disposition: Disposition
    action_id: str | None
    proposed_action_id: str | None
    contact_point: str | None
    confidence: float
    reasons: tuple[str, ...]
    binding_rule: str | None
    eligible_at: datetime | None
    candidates: tuple[Candidate, ...]
    shortfall: float
