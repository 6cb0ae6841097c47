"""One run: customers, clients, kills, and what the ledger holds in the end."""

import asyncio
import random
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import create_engine

from benchmarks.crashes.checking import Faults, faults
from benchmarks.crashes.clients import ANSWERED_WITHIN, Load, client
from benchmarks.crashes.model import trained
from benchmarks.crashes.offers import CAP, CHANNELS, POLICY, WINDOW
from benchmarks.crashes.process import Server, quick_command, whole_command
from benchmarks.crashes.recorded import decisions, slots
from benchmarks.crashes.stores import Store
from serving.ledger.opening import open_ledger

DATABASES = ("sqlite", "postgresql")
CUSTOMERS = 200
_BULK = 200
# Kills come at any moment of the load, the first ones soon after the start.
_SHORTEST, _LONGEST = 0.1, 3.0


@dataclass(frozen=True)
class Outcome:
    """What one run came to."""

    kills: int
    answers: int
    retries: int
    acts: int
    faults: Faults


async def run(
    folder: Path,
    kept: Store,
    *,
    kills: int,
    clients: int,
    quick: bool,
    manner: str,
    said: Callable[[str], None],
) -> Outcome:
    """Kill a server under load so many times, and count what it broke.

    Parameters
    ----------
    quick : bool
        Whether to serve without a trained model.
    manner : {"honest", "hasty"}
        The hasty one answers before it commits.
    """
    server = _server(folder, kept, quick=quick, manner=manner)
    try:
        said(f"ready after {await asyncio.to_thread(server.start):.1f} s")
        customers = await _known(server.url)
        load = Load()
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(client(load, server.url, f"client-{number}", customers))
            await _killings(server, load, kills, said)
    finally:
        server.kill()
    return _counted(kept, load, kills)


def _server(folder: Path, kept: Store, *, quick: bool, manner: str) -> Server:
    port = _free_port()
    policy = folder / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    told = {**kept.environment, "HEED_HOME": str(folder), "HEED_POLICY": str(policy)}
    url, log = f"http://127.0.0.1:{port}", folder / "server.log"
    if quick:
        return Server(quick_command(folder, port, manner), told, url, log)
    return Server(whole_command(port), {**told, "HEED_MODEL": str(trained(folder))}, url, log)


async def _killings(server: Server, load: Load, kills: int, said: Callable[[str], None]) -> None:
    moments = random.Random(kills)
    for number in range(kills):
        await asyncio.sleep(moments.uniform(_SHORTEST, _LONGEST))
        await asyncio.to_thread(server.kill)
        took = await asyncio.to_thread(server.start)
        said(f"killed {number + 1} of {kills}, back after {took:.1f} s, {len(load.answers):,} answers")
    await asyncio.sleep(_LONGEST)
    load.over.set()


async def _known(url: str) -> tuple[str, ...]:
    """Customers who consent to everything, on record."""
    names = tuple(f"customer-{number}" for number in range(CUSTOMERS))
    async with httpx.AsyncClient(base_url=url, timeout=ANSWERED_WITHIN) as http:
        for path, key, reports in (
            ("/v1/customers", "customers", [{"customer_id": one, "time_zone": "UTC"} for one in names]),
            ("/v1/consents", "consents", list(_consents(names))),
        ):
            for start in range(0, len(reports), _BULK):
                answer = await http.post(path, json={key: reports[start : start + _BULK]})
                answer.raise_for_status()
    return names


def _consents(names: Iterable[str]) -> Iterable[dict[str, str]]:
    now = datetime.now(UTC).isoformat()
    for name in names:
        for channel in CHANNELS:
            yield {
                "consent_id": f"{name}-{channel}",
                "customer_id": name,
                "channel": channel,
                "purpose": "marketing",
                "status": "granted",
                "recorded_at": now,
            }


def _counted(kept: Store, load: Load, kills: int) -> Outcome:
    with open_ledger(kept.location, readonly=True, key=kept.key) as ledger:
        recorded = decisions(ledger)
        broken_links = len(ledger.verify().findings)
    engine = create_engine(kept.location.replace("postgresql://", "postgresql+psycopg://"))
    try:
        taken = slots(engine)
    finally:
        engine.dispose()
    broken = faults(load.answers, recorded, taken, cap=CAP, window=WINDOW, chain_breaks=broken_links)
    return Outcome(
        kills, len(load.answers), load.retries, sum(one.disposition == "act" for one in load.answers), broken
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
