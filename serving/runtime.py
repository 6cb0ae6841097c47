"""The parts of one running heed, as `bootstrap` put them together."""

from dataclasses import dataclass

from fastapi import Request

from heed.serving.auth.access_control import AccessControl
from heed.serving.decisions.service import DecisionService
from heed.serving.delivery.service import DeliveryService
from heed.serving.delivery.webhooks.webhook_worker import WebhookWorker
from heed.serving.deployment.deployment_manager import DeploymentManager
from heed.serving.facts.service import FactService
from heed.serving.ledger.ledger import Ledger
from heed.serving.monotonic_clock import MonotonicClock
from heed.serving.observability.job_monitor import JobMonitor
from heed.serving.observability.metrics import Metrics
from heed.serving.observability.tracing import Tracing
from heed.serving.operations.api_keys import KeyService
from heed.serving.operations.health import HealthService
from heed.serving.operations.kill_switch import KillSwitch
from heed.serving.operations.metrics_export import MetricsService
from heed.serving.operations.policy import PolicyService
from heed.serving.operations.worker_presence import WorkerPresence
from heed.serving.reviews.service import ReviewService
from heed.serving.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases: all that a door (API, console, agents) may call."""

    decisions: DecisionService
    reviews: ReviewService
    facts: FactService
    delivery: DeliveryService
    kill_switch: KillSwitch
    keys: KeyService
    policy: PolicyService
    health: HealthService
    presence: WorkerPresence
    metrics: MetricsService


@dataclass(frozen=True, slots=True)
class Runtime:
    """One running heed: its use cases, and what they stand on."""

    settings: Settings
    clock: MonotonicClock
    services: Services
    ledger: Ledger
    deployment: DeploymentManager
    metrics: Metrics
    jobs: JobMonitor
    access: AccessControl
    webhook_workers: tuple[WebhookWorker, ...]
    tracing: Tracing | None = None

    def close(self) -> None:
        """Finish what was promised and release the ledger and the tracer."""
        self.ledger.close()
        if self.tracing is not None:
            self.tracing.close()


def runtime(request: Request) -> Runtime:
    """The runtime of the application that answers this request."""
    started: Runtime = request.app.state.runtime
    return started
