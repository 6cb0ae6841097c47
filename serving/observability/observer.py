"""Counts, logs and traces each decision once it is answered, without anything about the customer."""

import logging
from dataclasses import dataclass
from datetime import datetime

from heed.decisioning.decision import Decision
from heed.guardrails.policy.policy_model import Policy
from heed.serving.observability.logs import with_fields
from heed.serving.observability.metrics import Metrics
from heed.serving.observability.timings import StageTimings
from heed.serving.observability.tracing import Tracing
from heed.serving.schemas.responses import Versions

logger = logging.getLogger("heed.decisions")


@dataclass(frozen=True, slots=True)
class ObservedDecision:
    """One decision as observers see it.

    Attributes
    ----------
    replayed : bool
        Whether it was made before, under the same key.
    """

    decision_id: str
    decision: Decision
    at: datetime
    policy: Policy
    versions: Versions
    timings: StageTimings
    replayed: bool


class Observer:
    """Counts, logs and traces decisions."""

    def __init__(self, metrics: Metrics, tracing: Tracing | None = None) -> None:
        self._metrics = metrics
        self.tracing = tracing

    def record(self, observed: ObservedDecision) -> None:
        """Count, log and trace one decision."""
        self._metrics.record_decision(observed.decision, observed.at, observed.policy, replayed=observed.replayed)
        self._metrics.record_timings(observed.timings)
        if logger.isEnabledFor(logging.INFO):
            logger.info("decided", extra=with_fields(**_fields(observed)))
        if self.tracing is not None:
            self.tracing.record(observed.decision_id, observed.decision.disposition.value, observed.timings)


def _fields(observed: ObservedDecision) -> dict[str, object]:
    return {
        "decision_id": observed.decision_id,
        "disposition": observed.decision.disposition.value,
        "binding_rule": observed.decision.binding_rule,
        "model": observed.versions.model.version,
        "policy": observed.versions.policy.hash[:12],
        "milliseconds": round(observed.timings.seconds * 1000, 3),
        "replayed": observed.replayed or None,
    }
