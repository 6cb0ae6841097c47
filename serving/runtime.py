"""The parts of one running heed, put together in one place."""

from dataclasses import dataclass

from fastapi import Request

from serving.access.access import Access
from serving.deciding.engine import Engine
from serving.deciding.reviewing import Reviewing
from serving.executors.handing_over import HandingOver
from serving.in_force.in_force import Standby
from serving.ledger.ledger import Ledger
from serving.observing.gauges import Gauges
from serving.observing.metrics import Metrics
from serving.observing.tracing import Tracing
from serving.settings import Settings
from serving.webhooks.courier import Courier


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that the routes need."""

    settings: Settings
    ledger: Ledger
    standby: Standby
    engine: Engine
    reviewing: Reviewing
    metrics: Metrics
    access: Access
    gauges: Gauges
    handing: HandingOver
    couriers: tuple[Courier, ...]
    tracing: Tracing | None = None


def runtime(request: Request) -> Runtime:
    """The runtime of the application that answers this request."""
    found: Runtime = request.app.state.runtime
    return found
