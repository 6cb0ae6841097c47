"""What is looked up when metrics are asked for: the queue of reviews, what is stopped, whether probabilities come true.

Labels are versions, states, scopes and tenths of probability: nothing that grows with customers or requests.
"""

from datetime import datetime, timedelta
from time import monotonic

from prometheus_client import CollectorRegistry, Gauge, Info

from heed.decisioning import __version__
from heed.decisioning.errors import HeedError
from heed.serving.decisions.service import DecisionService
from heed.serving.deployment.active_versions import DeploymentManager
from heed.serving.deployment.kill_switch import active_stops
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.operations.forecasts import BINS, CalibrationBin

_WITHIN = timedelta(days=90)
# Counting three months of contacts is nothing to repeat with every scrape.
_KEEP_SECONDS = 60.0


class Gauges:
    """Gauges in the registry of the process's metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._looked = -_KEEP_SECONDS
        Info("heed_build", "Version of heed.", registry=registry).info({"version": __version__})
        self.model = Gauge("heed_model_info", "The model in force.", ["name", "version", "digest"], registry=registry)
        self.waiting = Gauge("heed_review_queue_length", "Review cases that wait for a person.", registry=registry)
        self.oldest = Gauge(
            "heed_review_queue_oldest_seconds", "For how long the oldest of them has waited.", registry=registry
        )
        self.stops = Gauge(
            "heed_stops", "Orders to stop in force.", ["source", "scope", "disposition"], registry=registry
        )
        self.behind = Gauge("heed_clock_behind_seconds", "How far the clock is behind the record.", registry=registry)
        self.under_way = Gauge("heed_customers_under_way", "Customers decided about now.", registry=registry)
        self.model_failures = Gauge("heed_model_failures", "Scorings that failed since the start.", registry=registry)
        self.ledger = Gauge("heed_ledger_up", "1 while the ledger reads and writes.", registry=registry)
        self._come_true = {
            name: Gauge(f"heed_calibration_{name}", text, ["propensity"], registry=registry)
            for name, text in (
                ("contacts", "Contacts by acts whose windows ended in the last 90 days, by stated propensity."),
                ("expected", "The sum of their stated propensities."),
                ("observed", "How many of them had the outcome within the window."),
            )
        }

    def look(self, ledger: Ledger, deployment: DeploymentManager, engine: DecisionService) -> None:
        """Look everything up; what a ledger that is down cannot say stays as it was."""
        self._in_force(deployment)
        self.behind.set(engine.clock.behind.total_seconds())
        self.under_way.set(engine.under_way)
        self.model_failures.set(engine.model.failures)
        try:
            ledger.healthy()
            self._ledger(ledger, deployment, engine.clock())
        except HeedError:
            self.ledger.set(0)
        else:
            self.ledger.set(1)

    def _in_force(self, deployment: DeploymentManager) -> None:
        self.model.clear()
        if deployment.ready:
            model = deployment.current().versions.model
            self.model.labels(model.name, model.version, model.digest[:12]).set(1)

    def _ledger(self, ledger: Ledger, deployment: DeploymentManager, now: datetime) -> None:
        queue = ledger.queue()
        waited = 0.0 if queue.oldest is None else (now - queue.oldest).total_seconds()
        self.waiting.set(queue.length)
        self.oldest.set(waited)
        self.stops.clear()
        for one in active_stops(ledger, deployment):
            self.stops.labels(one.source, _kind(one.channel, one.action_id, one.message_class), one.disposition).inc()
        if monotonic() - self._looked >= _KEEP_SECONDS:
            self._looked = monotonic()
            self._calibration(ledger)

    def _calibration(self, ledger: Ledger) -> None:
        found = {one.bin: one for one in ledger.calibration(_WITHIN)}
        for bin_ in range(BINS):
            one = found.get(bin_, CalibrationBin(bin_, 0, 0.0, 0))
            label = f"{bin_ / BINS:.1f}-{(bin_ + 1) / BINS:.1f}"
            for name, gauge in self._come_true.items():
                gauge.labels(label).set(getattr(one, name))


def _kind(channel: object, action: object, message_class: object) -> str:
    """What kind of scope an order has: names of actions and channels are the operator's own words."""
    named = {"channel": channel, "action": action, "message_class": message_class}
    return "+".join(name for name, value in named.items() if value is not None) or "everything"
