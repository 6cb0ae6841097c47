"""What is told of each decision once it is answered: counted, logged, traced. Nothing about the customer is."""

import logging
from dataclasses import dataclass
from datetime import datetime

from decisioning.decision import Decision
from guardrails.policy import Policy
from serving.answer import Versions
from serving.observing.logs import with_fields
from serving.observing.metrics import Metrics
from serving.observing.stages import Stages
from serving.observing.tracing import Tracing

logger = logging.getLogger("heed.decisions")


@dataclass(frozen=True, slots=True)
class Observed:
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
    stages: Stages
    replayed: bool


class Observer:
    """Counts, logs and traces decisions."""

    def __init__(self, metrics: Metrics, tracing: Tracing | None = None) -> None:
        self._metrics = metrics
        self.tracing = tracing

    def decided(self, seen: Observed) -> None:
        """Tell of one decision."""
        self._metrics.decided(seen.decision, seen.at, seen.policy, replayed=seen.replayed)
        self._metrics.took(seen.stages)
        if logger.isEnabledFor(logging.INFO):
            logger.info("decided", extra=with_fields(**_fields(seen)))
        if self.tracing is not None:
            self.tracing.decided(seen.decision_id, seen.decision.disposition.value, seen.stages)


def _fields(seen: Observed) -> dict[str, object]:
    return {
        "decision_id": seen.decision_id,
        "disposition": seen.decision.disposition.value,
        "binding_rule": seen.decision.binding_rule,
        "model": seen.versions.model.version,
        "policy": seen.versions.policy.hash[:12],
        "milliseconds": round(seen.stages.seconds * 1000, 3),
        "replayed": seen.replayed or None,
    }
