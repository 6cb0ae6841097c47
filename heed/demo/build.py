"""Builds a demo home from nothing: simulated customers, a trained model, a filled ledger and a day of decisions."""

import asyncio
import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heed.decisioning.errors import Conflict
from heed.serving.settings import Settings
from heed.training.progress import Progress

if TYPE_CHECKING:
    from heed.serving.decisions.service import DecisionService
    from heed.training.simulator.world import SimulationRun

SEED = 7
STEPS = 17
_DAYS = 120
_HOURS = 24
_DECISIONS_PER_HOUR = 12
# Features look back 90 days; one more leaves no doubt about the edge.
_KNOWN_DAYS = 91


@dataclass
class _ManualClock:
    """A clock that stands still until it is set."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment


class _Counter:
    """Counts ids, so that the same home gets the same ids."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        self._last += 1
        return f"demo-{self._last:06d}"


def build_home(settings: Settings, *, customers: int, until: datetime, steps: Progress) -> None:
    """Fill an empty home: data, champion, ledger, and the decisions of one day.

    Customers are simulated until a day before `until`. On the last day heed decides for a dozen of them every hour. The
    same arguments build the same home, except for the names and times of MLflow's runs.

    Parameters
    ----------
    customers : int
        How many to simulate.
    until : datetime
        The last moment of the home, with an offset. No fact and no decision is later.

    Raises
    ------
    Conflict
        If the home or the database already holds a ledger.
    HeedError
        If training yields no champion.
    """
    _refuse_ledger(settings)
    run = _simulate(settings, customers, until - timedelta(hours=_HOURS), steps)
    _train(settings, steps)
    asyncio.run(_fill_and_decide(settings, run, until, steps))
    first = str(run.data.customers["customer_id"].iloc[0])
    description = {"customers": customers, "seed": SEED, "until": until.isoformat(), "customer_id": first}
    (settings.home / "demo.json").write_text(json.dumps(description), encoding="utf-8")


def _refuse_ledger(settings: Settings) -> None:
    place = settings.ledger_location
    if isinstance(place, Path):
        if place.exists():
            remedy = "set HEED_HOME to an empty folder, or delete this one"
            raise Conflict("this home holds a ledger already", field="HEED_HOME", value=settings.home, remedy=remedy)
        return
    from heed.serving.ledger.connect import open_ledger
    from heed.serving.ledger.migrate import upgrade

    upgrade(place)
    with open_ledger(place, key=settings.sealing_key) as ledger:
        if not ledger.empty():
            remedy = "name an empty database"
            raise Conflict("this database holds a ledger", field="HEED_DATABASE_URL", value=place, remedy=remedy)


def _simulate(settings: Settings, customers: int, end: datetime, steps: Progress) -> "SimulationRun":
    from heed.training.contract.engagement_io import write_engagement
    from heed.training.simulator.world import make_world

    steps.step(f"simulating {customers:,} customers over {_DAYS} days")
    run = make_world(SEED, customers, days=_DAYS, end=end).play()
    steps.step("writing the engagement data")
    write_engagement(run.data, settings.home / "data")
    return run


def _train(settings: Settings, steps: Progress) -> None:
    from heed.training.pipeline.train import train

    train(settings.home / "data", tracking_uri=settings.mlflow_uri, model_name=settings.model_name, progress=steps)


async def _fill_and_decide(settings: Settings, run: "SimulationRun", until: datetime, steps: Progress) -> None:
    clock = _ManualClock(until - timedelta(hours=_HOURS))
    if isinstance(settings.ledger_location, Path):
        await _build_aside(settings, run, clock, steps)
        return
    await _fill(settings, run, clock, steps)
    await _decide(settings, run, clock, steps)


async def _build_aside(settings: Settings, run: "SimulationRun", clock: _ManualClock, steps: Progress) -> None:
    """Build the ledger in another folder and move it when complete, so that an interrupted build can start again."""
    from heed.serving.ledger.sqlite.key_file import key_file

    aside = settings.model_copy(
        update={"home": settings.home / "preparing", "tracking_uri": settings.mlflow_uri, "database_url": None}
    )
    shutil.rmtree(aside.home, ignore_errors=True)
    await _fill(aside, run, clock, steps)
    await _decide(aside, run, clock, steps)
    settings.ledger_path.parent.mkdir(parents=True, exist_ok=True)
    _move(key_file(aside.ledger_path), key_file(settings.ledger_path))
    _move(aside.ledger_path, settings.ledger_path)
    shutil.rmtree(aside.home)


def _move(built: Path, place: Path) -> None:
    """Move a file if it exists: there is no key file where a setting holds the key."""
    if built.exists():
        shutil.move(built, place)


async def _fill(settings: Settings, run: "SimulationRun", clock: _ManualClock, steps: Progress) -> None:
    from heed.demo.seed import Register, history_start, seed_ledger
    from heed.serving.ledger.connect import open_ledger
    from heed.serving.ledger.migrate import upgrade
    from heed.training.contract.action_catalogue import to_catalogue

    steps.step("preparing the ledger")
    upgrade(settings.ledger_location)
    catalogue = to_catalogue(run.data, settings.currency)
    register = Register(run.contact_points, run.consents, run.suppressions)
    with open_ledger(settings.ledger_location, clock=clock, key=settings.sealing_key) as ledger:
        since = history_start(run.data, _KNOWN_DAYS)
        await seed_ledger(ledger, run.data, register, catalogue, since=since, progress=steps.step)


async def _decide(settings: Settings, run: "SimulationRun", clock: _ManualClock, steps: Progress) -> None:
    from heed.serving.bootstrap import bootstrap

    chosen = draw_customers(run.data.customers["customer_id"])
    steps.step(f"deciding for {chosen.size} customers")
    runtime = bootstrap(settings, clock=clock, identify=_Counter())
    try:
        runtime.deployment.try_load()
        for ids in chosen:
            clock.moment += timedelta(hours=1)
            await _decide_for(runtime.services.decisions, ids.tolist())
    finally:
        runtime.ledger.close()


async def _decide_for(engine: "DecisionService", ids: list[str]) -> None:
    """Decide for these customers at one moment. The decisions share a commit and keep their order."""
    from heed.serving.decisions.record import Caller
    from heed.serving.schemas.decision_requests import DecideRequest

    await asyncio.gather(*(engine.decide(DecideRequest(customer_id=customer), Caller("demo")) for customer in ids))


def draw_customers(ids: pd.Series) -> np.ndarray:
    """Customers to decide for, hour by hour and nobody twice; shape (24, decisions per hour)."""
    names = ids.to_numpy(dtype=object)
    per_hour = min(_DECISIONS_PER_HOUR, len(names) // _HOURS)
    drawn: np.ndarray = np.random.default_rng(SEED).choice(names, _HOURS * per_hour, replace=False)
    return drawn.reshape(_HOURS, per_hour)
