"""Whether decisions can be made at this moment, part by part."""

import asyncio
from collections.abc import Callable

from decisioning.errors import HeedError
from serving.access.binding import OPEN
from serving.api.parts import Part, Readiness
from serving.in_force.switch import stopped
from serving.runtime import Runtime
from serving.webhooks.courier import Courier

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
    model = running.standby.current().versions.model
    trouble = running.engine.trouble()
    if trouble is not None:
        return Part("down", trouble)
    named = f"{model.name} version {model.version}"
    kept_back = running.standby.kept_back
    return Part("ok", named) if kept_back is None else Part("degraded", f"{named} stays: {kept_back}")


def _policy(running: Runtime) -> Part:
    policy = running.standby.current().versions.policy
    refused = running.standby.refused
    if refused is None:
        return Part("ok", f"{policy.name} {policy.hash}")
    return Part("degraded", f"{policy.name} {policy.hash} stays in force, as the file was refused: {refused.why}")


def _clock(running: Runtime) -> Part:
    trouble = running.engine.clock.trouble()
    return Part("ok", "goes forward") if trouble is None else Part("down", trouble)


def _stop(running: Runtime) -> Part:
    found = stopped(running.ledger, running.standby)
    said = "; ".join(f"{one.scope} ends in {one.disposition}: {one.reason}" for one in found)
    return Part("stopped", said) if found else Part("ok", "nothing is stopped")


def _access(running: Runtime) -> Part:
    return Part("ok", OPEN if running.access.keyring.empty else "asks for keys")


def _webhook(running: Runtime) -> Part:
    if not running.couriers:
        return Part("ok", "none is set up; executors come and take messages")
    said = "; ".join(_pushes(courier) for courier in running.couriers)
    disabled = any(courier.disabled is not None for courier in running.couriers)
    return Part("degraded" if disabled else "ok", said)


def _pushes(courier: Courier) -> str:
    endpoint, disabled = courier.endpoint, courier.disabled
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
