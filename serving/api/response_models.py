"""What the record endpoints answer, as frozen values that the OpenAPI document describes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heed.decisioning.canonical import Scalar
from heed.decisioning.certificate import Loss
from heed.decisioning.customer import Consent, ContactPoint, Objection, Suppression
from heed.guardrails.lint.finding import Finding
from heed.serving.delivery import Lease, OutboxMessage
from heed.serving.deployment.policy_file import RejectedPolicy
from heed.serving.facts import TimelineEntry
from heed.serving.operations.health import Part
from heed.serving.reviews import ReviewCase
from heed.serving.schemas.responses import DecisionAnswer


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a body with several."""

    field: str
    value: str | None
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ProblemAnswer:
    """The body of every error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    value: str | None = None
    remedy: str | None = None
    faults: Sequence[Fault] | None = None
    parts: Mapping[str, Part] | None = None


# What routes declare that may meet a customer who was erased.
CUSTOMER_ERASED: dict[int | str, dict[str, Any]] = {410: {"description": "The customer was erased."}}


@dataclass(frozen=True, slots=True)
class DecisionOrProblem:
    """One answer of a batch."""

    decision: DecisionAnswer | None
    problem: ProblemAnswer | None


@dataclass(frozen=True, slots=True)
class DecisionBatchAnswer:
    """The answer of ``POST /decide_batch``, in the order of the requests."""

    results: Sequence[DecisionOrProblem]


@dataclass(frozen=True, slots=True)
class DecisionsPage:
    """A customer's decisions, newest first."""

    decisions: Sequence[DecisionAnswer]


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer as the ledger knows them, with the timeline, newest first."""

    customer_id: str
    attributes: dict[str, Scalar]
    time_zone: str | None
    jurisdiction: str | None
    contact_points: Sequence[ContactPoint]
    consents: Sequence[Consent]
    suppressions: Sequence[Suppression]
    objections: Sequence[Objection]
    identity: float | None
    reported_at: datetime | None
    timeline: Sequence[TimelineEntry]


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """Review cases, oldest first."""

    reviews: Sequence[ReviewCase]


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule of the policy in force."""

    id: str
    kind: str
    purpose: str
    owner: str
    mode: str


@dataclass(frozen=True, slots=True)
class CertificateView:
    """What the model in force is certified for. Whether it counts is for the policy's rules of confidence to say."""

    promise: str
    threshold: float
    loss: Loss
    alpha: float
    delta: float
    customers: int
    risk: float
    upper: float
    certified_at: datetime
    valid_until: datetime
    assumptions: Sequence[str]


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A policy: its name, the hash of its content, its rules in words, and what the model in force is certified for.

    `refused` is what the policy file says where that is not in force, since it is no policy.
    """

    name: str
    hash: str
    rules: Sequence[RuleView]
    certificate: CertificateView | None
    refused: RejectedPolicy | None


@dataclass(frozen=True, slots=True)
class PolicyChecked:
    """A policy that could take effect, and what it does that its owner can hardly want."""

    name: str
    hash: str
    rules: Sequence[RuleView]
    certificate: CertificateView | None
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class RuleLiveness:
    """What one rule of the policy in force has said, in decisions since it was first heard.

    `observed` counts where a rule that is only tried would have objected, `errored` where one failed or lacked a fact.
    `warning` is there where it used to object and has fallen silent.
    """

    id: str
    kind: str
    mode: str
    evaluated: int
    suppressed: int
    reviewed: int
    errored: int
    observed: int
    last_fired: datetime | None
    silent_since: datetime | None
    warning: str | None


@dataclass(frozen=True, slots=True)
class LivenessView:
    """What the rules have said; a rule is called silent after a `stretch` of decisions without an objection."""

    stretch: int
    decisions_in_stretch: int
    rules: Sequence[RuleLiveness]


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """Executable actions that wait for an executor, longest ready first; `pushed` where a webhook takes them too."""

    messages: Sequence[OutboxMessage]
    pushed: bool


@dataclass(frozen=True, slots=True)
class TakenPage:
    """Messages that the executor has for a while."""

    messages: Sequence[Lease]


@dataclass(frozen=True, slots=True)
class Delivered:
    """An outbox message that an executor has taken."""

    outbox_id: str
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """Where a message stands after an executor told what came of it: `waiting`, `delivered` or `withdrawn`."""

    outbox_id: str
    state: str


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An executor: of one channel, or without one of all channels that have none of their own."""

    channel: str | None
    origin: str
    enabled: bool
    disabled_at: datetime | None
    because: str | None


@dataclass(frozen=True, slots=True)
class WebhookView:
    """The executors that messages are pushed to, and what waits; `pushed` where one of them is enabled."""

    endpoints: Sequence[EndpointView]
    pushed: bool
    waiting: int
    waiting_since: datetime | None
