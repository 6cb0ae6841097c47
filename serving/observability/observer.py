"""What is told of each decision once it is answered: counted, logged, traced. Nothing about the customer is."""

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
    """One decision as it is told.

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
    stages: StageTimings
    replayed: bool


class Observer:
    """Counts, logs and traces decisions."""

    def __init__(self, metrics: Metrics, tracing: Tracing | None = None) -> None:
        self._metrics = metrics
        self.tracing = tracing

    def decided(self, seen: ObservedDecision) -> None:
        """Tell of one decision."""
        self._metrics.decided(seen.decision, seen.at, seen.policy, replayed=seen.replayed)
        self._metrics.took(seen.stages)
        if logger.isEnabledFor(logging.INFO):
            logger.info("decided", extra=with_fields(**_fields(seen)))
        if self.tracing is not None:
            self.tracing.decided(seen.decision_id, seen.decision.disposition.value, seen.stages)


def _fields(seen: ObservedDecision) -> dict[str, object]:
    return {
        "decision_id": seen.decision_id,
        "disposition": seen.decision.disposition.value,
        "binding_rule": seen.decision.binding_rule,
        "model": seen.versions.model.version,
        "policy": seen.versions.policy.hash[:12],
        "milliseconds": round(seen.stages.seconds * 1000, 3),
        "replayed": seen.replayed or None,
    }
