"""A guardrail rule's verdict on a candidate, and how verdicts combine."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class Effect(StrEnum):
    """The three effects of a verdict."""

    ALLOW = "allow"
    REVIEW = "review"
    SUPPRESS = "suppress"


@dataclass(frozen=True)
class Verdict:
    """One rule's verdict on one candidate.

    Attributes
    ----------
    rule : str
        The id of the rule in the policy.
    effect : Effect
        Allow, review or suppress.
    reason : str
        A sentence for people.
    eligible_at : datetime or None
        The first moment at which this rule would no longer object, where known.
    lacking : bool
        Whether the rule failed or lacked a fact, which is a fault to fix, rather than objected.
    tried : bool
        Whether the rule is in observe mode and would have objected.

    The last two are class attributes, so they are not part of answers and receipts.
    """

    lacking: ClassVar[bool] = False
    tried: ClassVar[bool] = False

    rule: str
    effect: Effect
    reason: str
    eligible_at: datetime | None = None


@dataclass(frozen=True)
class MissingFact(Verdict):
    """The verdict of a rule that failed or lacked a fact."""

    lacking: ClassVar[bool] = True


@dataclass(frozen=True)
class ObserveOnly(Verdict):
    """The verdict of a rule in observe mode that would have objected."""

    tried: ClassVar[bool] = True


@dataclass(frozen=True)
class ObservedMissingFact(MissingFact, ObserveOnly):
    """The verdict of a rule in observe mode that would have objected because of a missing fact."""


# Suppress beats review beats allow, whatever the order of the rules. A candidate without any verdict is suppressed:
# an empty policy permits nothing.
_ORDER = (Effect.SUPPRESS, Effect.REVIEW, Effect.ALLOW)


def combined_effect(verdicts: Iterable[Verdict]) -> Effect:
    """The combined effect of all verdicts on one candidate; suppress where there is none."""
    effects = {verdict.effect for verdict in verdicts}
    return next((effect for effect in _ORDER if effect in effects), Effect.SUPPRESS)


def decisive_verdict(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict that decides, None where all allow.

    Of several verdicts with the strongest effect the one that lasts longest decides. A verdict without a known end
    outlasts all others. Ties are broken by the order of the policy.
    """
    against = [verdict for verdict in verdicts if verdict.effect is not Effect.ALLOW]
    if not against:
        return None
    strongest = combined_effect(against)
    return max((verdict for verdict in against if verdict.effect is strongest), key=_end)


def _end(verdict: Verdict) -> float:
    return verdict.eligible_at.timestamp() if verdict.eligible_at is not None else float("inf")
