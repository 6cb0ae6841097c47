"""What a guardrail rule says of a candidate, and how verdicts combine."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class Effect(StrEnum):
    """The three things a rule can say."""

    ALLOW = "allow"
    REVIEW = "review"
    SUPPRESS = "suppress"


@dataclass(frozen=True)
class Verdict:
    """One rule's word on one candidate.

    Attributes
    ----------
    rule : str
        The id of the rule in the policy.
    effect : Effect
        Allow, review or suppress.
    reason : str
        A sentence that a person can read.
    eligible_at : datetime or None
        The first moment at which this rule would no longer stand in the way, where that can be known.
    lacking : bool
        Whether the rule failed or lacked a fact, rather than that it objects: the first is a fault to mend.
    tried : bool
        Whether the rule is only observed and would have objected.

    The last two belong to the class, so they are no part of what is answered and recorded.
    """

    lacking: ClassVar[bool] = False
    tried: ClassVar[bool] = False

    rule: str
    effect: Effect
    reason: str
    eligible_at: datetime | None = None


@dataclass(frozen=True)
class MissingFact(Verdict):
    """The word of a rule that failed or lacked a fact."""

    lacking: ClassVar[bool] = True


@dataclass(frozen=True)
class ObserveOnly(Verdict):
    """The word of a rule that is only observed, and would have objected."""

    tried: ClassVar[bool] = True


@dataclass(frozen=True)
class ObservedMissingFact(MissingFact, ObserveOnly):
    """The word of a rule that is only observed, and would have objected for want of a fact."""


# Suppress beats review beats allow, whatever the order of the rules. A candidate that no rule has looked at is
# suppressed: an empty policy permits nothing.
_ORDER = (Effect.SUPPRESS, Effect.REVIEW, Effect.ALLOW)


def combined_effect(verdicts: Iterable[Verdict]) -> Effect:
    """The effect of all verdicts on one candidate together; suppress where there is none."""
    said = {verdict.effect for verdict in verdicts}
    return next((effect for effect in _ORDER if effect in said), Effect.SUPPRESS)


def decisive_verdict(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict that decides, None where all allow.

    Of several verdicts of the strongest effect the one that lasts longest binds, since no other frees the customer
    later; a verdict without a known end outlasts all. Equals bind in the order of the policy.
    """
    against = [verdict for verdict in verdicts if verdict.effect is not Effect.ALLOW]
    if not against:
        return None
    strongest = combined_effect(against)
    return max((verdict for verdict in against if verdict.effect is strongest), key=_end)


def _end(verdict: Verdict) -> float:
    return verdict.eligible_at.timestamp() if verdict.eligible_at is not None else float("inf")
