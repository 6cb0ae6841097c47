"""What the model is not sure of goes to a person: a second look at the candidate that arbitration chose."""

import math
from typing import Annotated, Literal

from pydantic import Field

from decisioning.decide import Choice
from decisioning.verdict import Effect, Verdict
from guardrails.rules.rule import Rule


class ConfidenceRule(Rule):
    """Least confidence at which heed acts without asking.

    Attributes
    ----------
    act_at_least : float
        In [0, 1].
    """

    kind: Literal["confidence"]
    act_at_least: Annotated[float, Field(strict=True, ge=0, le=1, examples=["0.6"])]


def look(rule: ConfidenceRule, choice: Choice) -> Verdict:
    """Review below the threshold; what is not a number is below it."""
    asked = f"{rule.act_at_least:.1%}"
    if choice.confidence >= rule.act_at_least:
        return rule.allow(f"Confidence {_shown(choice.confidence)} reaches the {asked} asked for.")
    return rule.against(Effect.REVIEW, f"Confidence {_shown(choice.confidence)} is below the {asked} asked for.")


def _shown(confidence: float) -> str:
    """Percent to one decimal, rounded down so that what is below a threshold also looks so."""
    return f"{math.floor(confidence * 1000) / 10:.1f}%" if math.isfinite(confidence) else "unknown"
