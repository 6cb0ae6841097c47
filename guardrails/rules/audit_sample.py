"""Audit: a random share of automatic acts goes to review.

The draw is a function of the rule's seed, the customer, the action and the period. It can be replayed from the record,
repeating a request does not change it, and it stays the same for a customer and action throughout a period.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from heed.decisioning.canonical import canonical_json
from heed.decisioning.customer import EPOCH, Facts
from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.field_types import LongDuration, Name
from heed.guardrails.rules.rule import Rule


class AuditSample(Rule):
    """Sends a share of the chosen candidates to review.

    Attributes
    ----------
    share : float
        Probability in [0, 1] that a choice is drawn.
    seed : str
        Another seed gives other draws.
    sticky_for : timedelta
        How long a customer's draw for an action stays the same; periods are counted from 1970 in UTC.
    """

    kind: Literal["audit_sample"]
    share: Annotated[float, Field(strict=True, ge=0, le=1, examples=["0.02"])]
    seed: Name = Field(examples=["autumn-2026"])
    sticky_for: LongDuration = Field(default=timedelta(days=30), examples=["30d"])


def evaluate_choice(rule: AuditSample, facts: Facts, choice: Choice) -> Verdict:
    """Review where the draw is below the share. The reason states the draw and its probability either way."""
    value = draw(rule, facts.customer.customer_id, choice.action.action_id, facts.now)
    statement = f"{value:.9f} was drawn, and {rule.share:.9g} is the probability of a review"
    if value < rule.share:
        return rule.against(Effect.REVIEW, f"Chosen at random for a person to look at: {statement}.")
    return rule.allow(f"Not chosen at random for a person to look at: {statement}.")


def draw(rule: AuditSample, customer_id: str, action_id: str, now: datetime) -> float:
    """A number in [0, 1), uniform over customers, actions and periods: 53 bits of SHA-256."""
    period = (now - EPOCH) // rule.sticky_for
    digest = hashlib.sha256(canonical_json([rule.seed, customer_id, action_id, period])).digest()
    return (int.from_bytes(digest[:8]) >> 11) / (1 << 53)
