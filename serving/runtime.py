"""The parts of one running heed, put together in one place."""

from dataclasses import dataclass

from fastapi import Request

from heed.serving.auth.access_control import AccessControl
from heed.serving.decisions.service import DecisionService
from heed.serving.delivery.service import DeliveryService
from heed.serving.delivery.webhooks.webhook_worker import WebhookWorker
from heed.serving.deployment.active_versions import DeploymentManager
from heed.serving.ledger.ledger import Ledger
from heed.serving.observability.gauges import Gauges
from heed.serving.observability.metrics import Metrics
from heed.serving.observability.tracing import Tracing
from heed.serving.reviews.service import ReviewService
from heed.serving.settings import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that the routes need."""

    settings: Settings
    ledger: Ledger
    deployment: DeploymentManager
    engine: DecisionService
    reviewing: ReviewService
    metrics: Metrics
    access: AccessControl
    gauges: Gauges
    handing: DeliveryService
    webhook_workers: tuple[WebhookWorker, ...]
    tracing: Tracing | None = None


def runtime(request: Request) -> Runtime:
    """The runtime of the application that answers this request."""
    found: Runtime = request.app.state.runtime
    return found
