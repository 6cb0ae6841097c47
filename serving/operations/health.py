"""Whether decisions can be made at this moment, part by part: what `/readyz` says."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from heed.decisioning.errors import HeedError
from heed.serving.auth.bind_check import NO_KEYS_NOTICE
from heed.serving.auth.key_cache import KeyCache
from heed.serving.decisions.service import DecisionService
from heed.serving.delivery.service import DeliveryService, EndpointStatus
from heed.serving.deployment.deployment_manager import DeploymentManager
from heed.serving.ledger.ledger import Ledger
from heed.serving.observability.job_monitor import JobMonitor, JobStatus
from heed.serving.operations.kill_switch import KillSwitch
from heed.serving.operations.worker_presence import WorkerPresence

State = Literal["ok", "degraded", "stopped", "down"]

# A part that has not answered by then is down.
_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True)
class Part:
    """How one part is.

    Attributes
    ----------
    state : str
        ``ok``; ``degraded``, where decisions are made and something wants a look; ``stopped``, by order or by the
        policy; ``down``, where no decision is made.
    detail : str
        In words.
    """

    state: State
    detail: str


@dataclass(frozen=True)
class Readiness:
    """All parts together."""

    ready: bool
    parts: dict[str, Part]

    @property
    def sentence(self) -> str:
        """Which parts keep heed from deciding."""
        down = [f"{name}: {part.detail}" for name, part in self.parts.items() if part.state == "down"]
        if self.ready:
            return "decisions can be made"
        return f"decisions cannot be made: {'; '.join(down)}" if down else "decisions cannot be made"

    @property
    def bare(self) -> "Readiness":
        """The same for whoever may not see the parts."""
        return Readiness(self.ready, {})


class HealthService:
    """Asks every part how it is, none of them for longer than a moment.

    Parameters
    ----------
    jobs : JobMonitor
        The background jobs of this process.
    worker : WorkerPresence or None
        The process that runs the ledger's background jobs, where they are separate.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        deployment: DeploymentManager,
        decisions: DecisionService,
        delivery: DeliveryService,
        kill_switch: KillSwitch,
        keys: KeyCache,
        jobs: JobMonitor,
        worker: WorkerPresence | None,
    ) -> None:
        self._ledger = ledger
        self._deployment = deployment
        self._decisions = decisions
        self._delivery = delivery
        self._kill_switch = kill_switch
        self._keys = keys
        self._jobs = jobs
        self._worker = worker
        self._checks: Mapping[str, Callable[[], Part]] = {
            "ledger": self._check_ledger,
            "model": self._check_model,
            "policy": self._check_policy,
            "clock": self._check_clock,
            "stop": self._check_stops,
            "access": self._check_access,
            "webhook": self._check_webhooks,
        }

    async def readiness(self) -> Readiness:
        """All parts; heed is ready while none is down."""
        parts = {name: await _within_timeout(check) for name, check in self._checks.items()}
        parts["jobs"] = await self._check_jobs()
        return Readiness(all(part.state != "down" for part in parts.values()), parts)

    async def _check_jobs(self) -> Part:
        statuses = self._jobs.statuses()
        troubles = [_overdue(status) for status in statuses if status.overdue]
        if self._worker is not None and not await _is_there(self._worker):
            troubles.append("no healthy `heed worker`: nothing expires and no webhook is pushed")
        if troubles:
            return Part("degraded", "; ".join(troubles))
        return Part("ok", "; ".join(f"{status.name} {status.age_seconds:.0f} s ago" for status in statuses))

    def _check_ledger(self) -> Part:
        self._ledger.healthy()
        return Part("ok", "reads and writes")

    def _check_model(self) -> Part:
        model = self._deployment.current().versions.model
        trouble = self._decisions.trouble()
        if trouble is not None:
            return Part("down", trouble)
        named, error = f"{model.name} version {model.version}", self._deployment.model_error
        return Part("ok", named) if error is None else Part("degraded", f"{named} stays: {error}")

    def _check_policy(self) -> Part:
        policy = self._deployment.current().versions.policy
        rejected = self._deployment.refused
        if rejected is None:
            return Part("ok", f"{policy.name} {policy.hash}")
        return Part("degraded", f"{policy.name} {policy.hash} stays in force, as the file was refused: {rejected.why}")

    def _check_clock(self) -> Part:
        trouble = self._decisions.clock.trouble()
        return Part("ok", "goes forward") if trouble is None else Part("down", trouble)

    def _check_stops(self) -> Part:
        stops = self._kill_switch.stops()
        detail = "; ".join(f"{stop.scope} ends in {stop.disposition}: {stop.reason}" for stop in stops)
        return Part("stopped", detail) if stops else Part("ok", "nothing is stopped")

    def _check_access(self) -> Part:
        return Part("ok", NO_KEYS_NOTICE if self._keys.empty else "asks for keys")

    def _check_webhooks(self) -> Part:
        endpoints = self._delivery.endpoints()
        if not endpoints:
            return Part("ok", "none is set up; executors come and take messages")
        enabled = all(endpoint.enabled for endpoint in endpoints)
        return Part("ok" if enabled else "degraded", "; ".join(map(_push_detail, endpoints)))


async def _within_timeout(check: Callable[[], Part]) -> Part:
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return await asyncio.to_thread(check)
    except TimeoutError:
        return Part("down", f"no answer within {_TIMEOUT_SECONDS:.0f} seconds")
    except HeedError as error:
        return Part("down", str(error))


async def _is_there(worker: WorkerPresence) -> bool:
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return await worker.present()
    except (TimeoutError, HeedError):
        return False


def _overdue(status: JobStatus) -> str:
    because = "" if status.error is None else f": {status.error}"
    return f"{status.name} has not succeeded for {status.age_seconds:.0f} seconds{because}"


def _push_detail(endpoint: EndpointStatus) -> str:
    what = "messages are" if endpoint.channel is None else f"messages of {endpoint.channel} are"
    disabled = endpoint.disabled
    if disabled is None:
        return f"{what} pushed to {endpoint.origin}"
    nothing = "nothing" if endpoint.channel is None else f"nothing of {endpoint.channel}"
    return f"{nothing} is pushed to {endpoint.origin} since {disabled.at:%Y-%m-%d %H:%M} UTC: {disabled.because}"
