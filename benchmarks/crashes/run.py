"""One run: customers, clients, kills, and what the ledger holds in the end."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine

from benchmarks.crashes.checking import Faults, faults
from benchmarks.crashes.clients import Load, client
from benchmarks.crashes.offers import CAP, CAP_RULE, POLICY, WINDOW
from benchmarks.crashes.process import Server
from benchmarks.crashes.recorded import decisions, slots
from benchmarks.crashes.stores import Store
from benchmarks.crashes.subject import Subject
from benchmarks.ports import free_port
from heed.serving.ledger.connect import open_ledger

DATABASES = ("sqlite", "postgresql")
# Kills come at any moment of the load, the first ones soon after the start.
_SHORTEST, _LONGEST = 0.1, 3.0


@dataclass(frozen=True)
class Outcome:
    """What one run came to.

    Attributes
    ----------
    acts : int
        Answers that said to act.
    at_cap : int
        Answers that said to hold since the cap was reached.
    """

    kills: int
    answers: int
    retries: int
    acts: int
    at_cap: int
    faults: Faults

    def objections(self, least_acts: int) -> Iterator[str]:
        """Why this run shows nothing good of heed: a promise was broken, or too little was done to break one."""
        if not self.faults.none:
            yield f"promises were broken: {self.faults}"
        if self.acts < least_acts:
            yield f"only {self.acts} acts were made, and {least_acts} are wanted: what was not done proves nothing"
        if not self.at_cap:
            yield "no customer ever reached the cap, so nothing shows that it holds"


async def run(
    folder: Path, kept: Store, subject: Subject, *, kills: int, clients: int, said: Callable[[str], None]
) -> Outcome:
    """Kill a server under load so many times, and count what it broke."""
    with open_ledger(kept.location, key=kept.key) as ledger:
        customers = await subject.settle(ledger)
    server = _server(folder, kept, subject)
    try:
        said(f"ready after {await asyncio.to_thread(server.start):.1f} s")
        load = Load()
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(client(load, server.url, f"client-{number}", customers))
            await _killings(server, load, kills, said)
    finally:
        server.kill()
    return _counted(kept, load, kills)


def _server(folder: Path, kept: Store, subject: Subject) -> Server:
    port = free_port()
    policy = folder / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    home = {"HEED_HOME": str(folder), "HEED_POLICY": str(policy), "BENTOML_HOME": str(folder / "bentoml")}
    told = {**kept.environment, **subject.environment, **home, "BENTOML_DO_NOT_TRACK": "True"}
    return Server(subject.command(port), told, f"http://127.0.0.1:{port}", folder / "server.log")


async def _killings(server: Server, load: Load, kills: int, said: Callable[[str], None]) -> None:
    moments = random.Random(kills)
    for number in range(kills):
        await asyncio.sleep(moments.uniform(_SHORTEST, _LONGEST))
        await asyncio.to_thread(server.kill)
        took = await asyncio.to_thread(server.start)
        said(f"killed {number + 1} of {kills}, back after {took:.1f} s, {len(load.answers):,} answers")
    await asyncio.sleep(_LONGEST)
    load.over.set()


def _counted(kept: Store, load: Load, kills: int) -> Outcome:
    with open_ledger(kept.location, readonly=True, key=kept.key) as ledger:
        recorded = decisions(ledger)
        broken_links = len(ledger.audit.verify().findings)
    engine = create_engine(kept.location.replace("postgresql://", "postgresql+psycopg://"))
    try:
        taken = slots(engine)
    finally:
        engine.dispose()
    return Outcome(
        kills,
        len(load.answers),
        load.retries,
        acts=sum(one.disposition == "act" for one in load.answers),
        at_cap=sum(one.bound_by == CAP_RULE for one in load.answers),
        faults=faults(load.answers, recorded, taken, cap=CAP, window=WINDOW, chain_breaks=broken_links),
    )
