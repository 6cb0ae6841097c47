"""Response models of the API besides decisions and scores, which are in `heed.serving.schemas.responses`."""

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
    """One of several faults in a request."""

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


# Declared by routes that may find the customer erased.
CUSTOMER_ERASED: dict[int | str, dict[str, Any]] = {410: {"description": "The customer was erased."}}


@dataclass(frozen=True, slots=True)
class DecisionOrProblem:
    """One result of a batch."""

    decision: DecisionAnswer | None
    problem: ProblemAnswer | None


@dataclass(frozen=True, slots=True)
class DecisionBatchAnswer:
    """The response of ``POST /decide_batch``, in the order of the requests."""

    results: Sequence[DecisionOrProblem]


@dataclass(frozen=True, slots=True)
class DecisionsPage:
    """A customer's decisions, newest first."""

    decisions: Sequence[DecisionAnswer]


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer on record, with their timeline, newest first."""

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
    """One rule of the active policy."""

    id: str
    kind: str
    purpose: str
    owner: str
    mode: str


@dataclass(frozen=True, slots=True)
class CertificateView:
    """What the active model is certified for. The policy's confidence rules say whether it applies."""

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
    """A policy: its name, content hash and rules, and what the active model is certified for.

    `refused` is the content of the policy file if it is invalid, so that an earlier policy stays active.
    """

    name: str
    hash: str
    rules: Sequence[RuleView]
    certificate: CertificateView | None
    refused: RejectedPolicy | None


@dataclass(frozen=True, slots=True)
class PolicyChecked:
    """A valid policy, with the linter's findings: effects that its author probably does not want."""

    name: str
    hash: str
    rules: Sequence[RuleView]
    certificate: CertificateView | None
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class RuleLiveness:
    """How often one rule of the active policy was evaluated and triggered since it was first seen.

    `observed` counts when a rule in observe mode would have triggered, `errored` when one failed or lacked a fact.
    `warning` is set if the rule has stopped triggering.
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
    """Rule statistics; a rule is called silent if it used to trigger and has not in `stretch` decisions."""

    stretch: int
    decisions_in_stretch: int
    rules: Sequence[RuleLiveness]


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """Messages ready for an executor, longest waiting first; `pushed` if a webhook is enabled as well."""

    messages: Sequence[OutboxMessage]
    pushed: bool


@dataclass(frozen=True, slots=True)
class TakenPage:
    """Messages that the executor has leased."""

    messages: Sequence[Lease]


@dataclass(frozen=True, slots=True)
class Delivered:
    """An outbox message that an executor has accepted."""

    outbox_id: str
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """The state of a message after an executor reported on it: `waiting`, `delivered` or `withdrawn`."""

    outbox_id: str
    state: str


@dataclass(frozen=True, slots=True)
class EndpointView:
    """A webhook endpoint: for one channel, or without a channel for all that have none of their own."""

    channel: str | None
    origin: str
    enabled: bool
    disabled_at: datetime | None
    because: str | None


@dataclass(frozen=True, slots=True)
class WebhookView:
    """The webhook endpoints, and the backlog; `pushed` if one of them is enabled."""

    endpoints: Sequence[EndpointView]
    pushed: bool
    waiting: int
    waiting_since: datetime | None
