"""Response models, serialised with orjson.

Neither these nor the values they carry have slots: orjson serialises a dataclass with slots at a sixth of the speed.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

import orjson
from pydantic import TypeAdapter

from heed.decisioning.decision import Candidate, Decision, Disposition
from heed.decisioning.score import Explanation
from heed.decisioning.verdict import Effect, Verdict

_OPTIONS = orjson.OPT_UTC_Z


@dataclass(frozen=True)
class ModelRef:
    """The model that scored."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True)
class PolicyRef:
    """The policy that was evaluated."""

    name: str
    hash: str


@dataclass(frozen=True)
class Versions:
    """Everything that a decision depends on besides its facts."""

    model: ModelRef
    policy: PolicyRef
    catalogue: str


@dataclass(frozen=True)
class Interval:
    """An interval of the propensity at the stated level, under the model's own uncertainty."""

    low: float
    high: float
    level: float


@dataclass(frozen=True)
class CandidateAnswer:
    """One candidate, best first by `rank`."""

    action_id: str
    rank: int
    propensity: float | None
    interval: Interval | None
    uplift: float | None
    uplift_interval: Interval | None
    harm: float | None
    net_value: float
    effect: Effect
    verdicts: tuple[Verdict, ...]
    explanation: Explanation | None


@dataclass(frozen=True)
class ChosenAction:
    """What to execute now, and the slot that was reserved for it."""

    action_id: str
    channel: str
    contact_point: str | None
    reservation_id: str


@dataclass(frozen=True)
class DecisionAnswer:
    """The answer of ``POST /decide``. `action` is null unless the disposition is ``act``.

    `shortfall` is the expected value lost against the best admissible choice; null in older answers.
    """

    decision_id: str
    at: datetime
    customer_id: str
    customer_known: bool
    disposition: Disposition
    action: ChosenAction | None
    proposed_action_id: str | None
    review_id: str | None
    confidence: float
    reasons: tuple[str, ...]
    binding_rule: str | None
    eligible_at: datetime | None
    currency: str
    candidates: tuple[CandidateAnswer, ...]
    model: ModelRef
    policy: PolicyRef
    catalogue: str
    shortfall: float | None = None


@dataclass(frozen=True)
class ScoredCandidate:
    """One candidate as the model scores it, without any rule."""

    action_id: str
    rank: int
    propensity: float | None
    interval: Interval | None
    uplift: float | None
    uplift_interval: Interval | None
    harm: float | None
    net_value: float
    explanation: Explanation | None


@dataclass(frozen=True)
class ScoreAnswer:
    """The answer of ``POST /score``."""

    customer_id: str
    at: datetime
    currency: str
    candidates: tuple[ScoredCandidate, ...]
    model: ModelRef
    catalogue: str


def encode(value: object) -> bytes:
    """Encode a response as JSON: compact, times in UTC with the suffix ``Z``, fields in declared order."""
    return orjson.dumps(value, option=_OPTIONS)


def decode(answer: bytes) -> DecisionAnswer:
    """The recorded answer of a decision, equal to what :func:`encode` was given."""
    return _adapter().validate_json(answer)


@cache
def _adapter() -> TypeAdapter[DecisionAnswer]:
    return TypeAdapter(DecisionAnswer)


def candidate_answer(candidate: Candidate, level: float) -> CandidateAnswer:
    """A candidate in the response of a decision."""
    return CandidateAnswer(
        action_id=candidate.action_id,
        rank=candidate.rank,
        propensity=candidate.propensity,
        interval=_interval(candidate.low, candidate.high, level),
        uplift=candidate.uplift,
        uplift_interval=_interval(candidate.uplift_low, candidate.uplift_high, level),
        harm=candidate.harm,
        net_value=candidate.net_value,
        effect=candidate.effect,
        verdicts=candidate.verdicts,
        explanation=candidate.explanation,
    )


def scored_candidate(candidate: Candidate, level: float) -> ScoredCandidate:
    """A candidate in the response of ``/score``."""
    return ScoredCandidate(
        action_id=candidate.action_id,
        rank=candidate.rank,
        propensity=candidate.propensity,
        interval=_interval(candidate.low, candidate.high, level),
        uplift=candidate.uplift,
        uplift_interval=_interval(candidate.uplift_low, candidate.uplift_high, level),
        harm=candidate.harm,
        net_value=candidate.net_value,
        explanation=candidate.explanation,
    )


def _interval(low: float | None, high: float | None, level: float) -> Interval | None:
    return None if low is None or high is None else Interval(low, high, level)


def decision_answer(
    decision: Decision,
    *,
    decision_id: str,
    at: datetime,
    customer_id: str,
    customer_known: bool,
    action: ChosenAction | None,
    review_id: str | None,
    currency: str,
    level: float,
    versions: Versions,
) -> DecisionAnswer:
    """The response for a decision."""
    unknown = (
        () if customer_known else ("This customer is not on record, so nothing is known and nothing is permitted.",)
    )
    return DecisionAnswer(
        decision_id=decision_id,
        at=at,
        customer_id=customer_id,
        customer_known=customer_known,
        disposition=decision.disposition,
        action=action,
        proposed_action_id=decision.proposed_action_id,
        review_id=review_id,
        confidence=decision.confidence,
        reasons=(*decision.reasons, *unknown),
        binding_rule=decision.binding_rule,
        eligible_at=decision.eligible_at,
        currency=currency,
        candidates=tuple(candidate_answer(candidate, level) for candidate in decision.candidates),
        model=versions.model,
        policy=versions.policy,
        catalogue=versions.catalogue,
        shortfall=decision.shortfall,
    )
