"""Gauges that are set when metrics are scraped: reviews that wait, what is stopped, whether probabilities hold.

Labels are versions, states, scopes and tenths of probability: nothing that grows with customers or requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Gauge, Info

from heed.decisioning import __version__
from heed.serving.ledger.operations.forecasts import BINS, CalibrationBin
from heed.serving.schemas.responses import ModelRef


class StopLabels(NamedTuple):
    """Labels of the stops in force."""

    source: str
    scope: str
    disposition: str


@dataclass(frozen=True, slots=True)
class ProcessReading:
    """What this process knows of itself."""

    model: ModelRef | None
    clock_behind: timedelta
    customers_in_progress: int
    model_failures: int


@dataclass(frozen=True, slots=True)
class LedgerReading:
    """What the ledger says.

    Attributes
    ----------
    oldest_review : timedelta
        For how long the oldest open review case has waited.
    calibration : sequence of CalibrationBin or None
        None leaves the gauges as they were.
    """

    reviews: int
    oldest_review: timedelta
    stops: Mapping[StopLabels, int]
    calibration: Sequence[CalibrationBin] | None


class Gauges:
    """Gauges in the registry of the process's metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        Info("heed_build", "Version of heed.", registry=registry).info({"version": __version__})
        self._model = Gauge("heed_model_info", "The model in force.", ["name", "version", "digest"], registry=registry)
        self._reviews = Gauge("heed_review_queue_length", "Review cases that wait for a person.", registry=registry)
        self._oldest_review = Gauge(
            "heed_review_queue_oldest_seconds", "For how long the oldest of them has waited.", registry=registry
        )
        self._stops = Gauge(
            "heed_stops", "Orders to stop in force.", ["source", "scope", "disposition"], registry=registry
        )
        self._clock = Gauge("heed_clock_behind_seconds", "How far the clock is behind the record.", registry=registry)
        self._customers = Gauge("heed_customers_under_way", "Customers decided about now.", registry=registry)
        self._failures = Gauge("heed_model_failures", "Scorings that failed since the start.", registry=registry)
        self._ledger = Gauge("heed_ledger_up", "1 while the ledger reads and writes.", registry=registry)
        self._calibration = {
            name: Gauge(f"heed_calibration_{name}", text, ["propensity"], registry=registry)
            for name, text in (
                ("contacts", "Contacts by acts whose windows ended in the last 90 days, by stated propensity."),
                ("expected", "The sum of their stated propensities."),
                ("observed", "How many of them had the outcome within the window."),
            )
        }

    def set_process(self, reading: ProcessReading) -> None:
        """Show what this process knows of itself."""
        self._clock.set(reading.clock_behind.total_seconds())
        self._customers.set(reading.customers_in_progress)
        self._failures.set(reading.model_failures)
        self._model.clear()
        if reading.model is not None:
            self._model.labels(reading.model.name, reading.model.version, reading.model.digest[:12]).set(1)

    def set_ledger(self, reading: LedgerReading) -> None:
        """Show what the ledger says."""
        self._ledger.set(1)
        self._reviews.set(reading.reviews)
        self._oldest_review.set(reading.oldest_review.total_seconds())
        self._stops.clear()
        for labels, count in reading.stops.items():
            self._stops.labels(*labels).set(count)
        if reading.calibration is not None:
            self._set_calibration(reading.calibration)

    def set_ledger_down(self) -> None:
        """Show that the ledger does not answer; what it said last stays."""
        self._ledger.set(0)

    def _set_calibration(self, bins: Sequence[CalibrationBin]) -> None:
        by_number = {calibration.bin: calibration for calibration in bins}
        for number in range(BINS):
            calibration = by_number.get(number, CalibrationBin(number, 0, 0.0, 0))
            label = f"{number / BINS:.1f}-{(number + 1) / BINS:.1f}"
            for name, gauge in self._calibration.items():
                gauge.labels(label).set(getattr(calibration, name))
