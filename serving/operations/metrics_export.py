"""What `GET /metrics` answers: the counters of this process, with gauges set at the moment of the scrape."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic

from heed.decisioning.errors import HeedError
from heed.serving.decisions.service import DecisionService
from heed.serving.delivery.service import DeliveryService
from heed.serving.deployment.deployment_manager import DeploymentManager
from heed.serving.ledger.ledger import Ledger
from heed.serving.observability.gauges import Gauges, LedgerReading, ProcessReading, StopLabels
from heed.serving.observability.metrics import Metrics
from heed.serving.operations.kill_switch import KillSwitch, StopView

_CALIBRATION_WINDOW = timedelta(days=90)
# Counting three months of contacts is too much for every scrape.
_CALIBRATION_SECONDS = 60.0


class MetricsService:
    """Reads what gauges show and renders all metrics of this process."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        deployment: DeploymentManager,
        decisions: DecisionService,
        delivery: DeliveryService,
        kill_switch: KillSwitch,
        metrics: Metrics,
    ) -> None:
        self._ledger = ledger
        self._deployment = deployment
        self._decisions = decisions
        self._delivery = delivery
        self._kill_switch = kill_switch
        self._metrics = metrics
        self._gauges = Gauges(metrics.registry)
        self._calibrated_at = -_CALIBRATION_SECONDS

    async def render(self) -> bytes:
        """The exposition format of Prometheus. What a ledger that is down cannot say stays as it was."""
        self._set_process_gauges()
        await asyncio.to_thread(self._set_ledger_gauges)
        await asyncio.to_thread(self._set_outbox_gauges)
        return self._metrics.text()

    def _set_process_gauges(self) -> None:
        versions = self._deployment.current().versions if self._deployment.ready else None
        rejected = self._deployment.refused is not None
        policy = None if versions is None else versions.policy
        self._metrics.set_policy(policy, ready=self._deployment.ready, rejected=rejected)
        self._gauges.set_process(
            ProcessReading(
                model=None if versions is None else versions.model,
                clock_behind=self._decisions.clock.behind,
                customers_in_progress=self._decisions.customers_in_progress,
                model_failures=self._decisions.model.failures,
            )
        )

    def _set_ledger_gauges(self) -> None:
        try:
            self._ledger.healthy()
            reading = self._ledger_reading(self._decisions.clock())
        except HeedError:
            self._gauges.set_ledger_down()
        else:
            self._gauges.set_ledger(reading)

    def _ledger_reading(self, now: datetime) -> LedgerReading:
        queue = self._ledger.reviews.backlog()
        waited = timedelta(0) if queue.oldest is None else now - queue.oldest
        stops = Counter(map(_stop_labels, self._kill_switch.stops()))
        due = monotonic() - self._calibrated_at >= _CALIBRATION_SECONDS
        if due:
            self._calibrated_at = monotonic()
        calibration = self._ledger.monitoring.calibration(_CALIBRATION_WINDOW) if due else None
        return LedgerReading(queue.length, waited, stops, calibration)

    def _set_outbox_gauges(self) -> None:
        with suppress(HeedError):
            status = self._delivery.status()
            disabled = any(not endpoint.enabled for endpoint in status.endpoints)
            self._metrics.set_backlog(status.backlog, self._decisions.clock(), disabled=disabled)


def _stop_labels(stop: StopView) -> StopLabels:
    """Labels of a stop. The kind of scope alone: names of actions and channels are the operator's own words."""
    named = {"channel": stop.channel, "action": stop.action_id, "message_class": stop.message_class}
    kind = "+".join(name for name, value in named.items() if value is not None) or "everything"
    return StopLabels(stop.source, kind, stop.disposition)
