"""Whether decisions can be made at this moment, part by part."""

import asyncio
from collections.abc import Callable

from heed.decisioning.errors import HeedError
from heed.serving.api.health import Part, Readiness
from heed.serving.auth.bind_check import NO_KEYS_NOTICE
from heed.serving.delivery.webhooks.webhook_worker import WebhookWorker
from heed.serving.deployment.kill_switch import active_stops
from heed.serving.runtime import Runtime

# How long a part may take to say how it is; one that hangs is down.
_PATIENCE = 2.0


async def readiness(running: Runtime) -> Readiness:
    """Ask every part, none of them for longer than a moment."""
    parts = {name: await _asked(ask, running) for name, ask in _PARTS.items()}
    return Readiness(all(part.state != "down" for part in parts.values()), parts)


async def _asked(ask: Callable[[Runtime], Part], running: Runtime) -> Part:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await asyncio.to_thread(ask, running)
    except TimeoutError:
        return Part("down", f"no answer within {_PATIENCE:.0f} seconds")
    except HeedError as error:
        return Part("down", str(error))


def _ledger(running: Runtime) -> Part:
    running.ledger.healthy()
    return Part("ok", "reads and writes")


def _model(running: Runtime) -> Part:
    model = running.deployment.current().versions.model
    trouble = running.engine.trouble()
    if trouble is not None:
        return Part("down", trouble)
    named = f"{model.name} version {model.version}"
    model_error = running.deployment.model_error
    return Part("ok", named) if model_error is None else Part("degraded", f"{named} stays: {model_error}")


def _policy(running: Runtime) -> Part:
    policy = running.deployment.current().versions.policy
    refused = running.deployment.refused
    if refused is None:
        return Part("ok", f"{policy.name} {policy.hash}")
    return Part("degraded", f"{policy.name} {policy.hash} stays in force, as the file was refused: {refused.why}")


def _clock(running: Runtime) -> Part:
    trouble = running.engine.clock.trouble()
    return Part("ok", "goes forward") if trouble is None else Part("down", trouble)


def _stop(running: Runtime) -> Part:
    found = active_stops(running.ledger, running.deployment)
    said = "; ".join(f"{one.scope} ends in {one.disposition}: {one.reason}" for one in found)
    return Part("stopped", said) if found else Part("ok", "nothing is stopped")


def _access(running: Runtime) -> Part:
    return Part("ok", NO_KEYS_NOTICE if running.access.keyring.empty else "asks for keys")


def _webhook(running: Runtime) -> Part:
    if not running.webhook_workers:
        return Part("ok", "none is set up; executors come and take messages")
    said = "; ".join(_pushes(webhook_worker) for webhook_worker in running.webhook_workers)
    disabled = any(webhook_worker.disabled is not None for webhook_worker in running.webhook_workers)
    return Part("degraded" if disabled else "ok", said)


def _pushes(webhook_worker: WebhookWorker) -> str:
    endpoint, disabled = webhook_worker.endpoint, webhook_worker.disabled
    what = "messages are" if endpoint.channel is None else f"messages of {endpoint.channel} are"
    if disabled is None:
        return f"{what} pushed to {endpoint.origin}"
    nothing = "nothing" if endpoint.channel is None else f"nothing of {endpoint.channel}"
    return f"{nothing} is pushed to {endpoint.origin} since {disabled.at:%Y-%m-%d %H:%M} UTC: {disabled.because}"


_PARTS: dict[str, Callable[[Runtime], Part]] = {
    "ledger": _ledger,
    "model": _model,
    "policy": _policy,
    "clock": _clock,
    "stop": _stop,
    "access": _access,
    "webhook": _webhook,
}
