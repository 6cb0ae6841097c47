"""A home made from nothing: a simulated world, a model learnt from it, a filled ledger and a day of decisions."""

import asyncio
import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heed.cli.output import Steps
from heed.decisioning.errors import Conflict
from heed.serving.settings import Settings

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
class _Watch:
    """A clock that stands still until it is set."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment


class _Counter:
    """Ids that are counted, so that the same home is made again with the same ids."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        self._last += 1
        return f"demo-{self._last:06d}"


def build_home(settings: Settings, *, customers: int, until: datetime, steps: Steps) -> None:
    """Fill an empty home: world, data, champion, ledger, and the decisions of one day.

    The world is simulated until a day before `until`; the last day belongs to heed, which decides for a dozen
    customers every hour of it. The same arguments make the same home, but for the names and times of MLflow's runs.

    Parameters
    ----------
    customers : int
        How many live in the world.
    until : datetime
        When the home is ready, with an offset; no fact and no decision is later.

    Raises
    ------
    Conflict
        If the home, or the database, holds a ledger that this did not make.
    HeedError
        If no champion comes of the data.
    """
    _refuse_ledger(settings)
    played = _play(settings, customers, until - timedelta(hours=_HOURS), steps)
    _train(settings, steps)
    asyncio.run(_live(settings, played, until, steps))
    first = str(played.data.customers["customer_id"].iloc[0])
    made = {"customers": customers, "seed": SEED, "until": until.isoformat(), "customer_id": first}
    (settings.home / "demo.json").write_text(json.dumps(made), encoding="utf-8")


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


def _play(settings: Settings, customers: int, end: datetime, steps: Steps) -> "SimulationRun":
    from heed.training.contract.engagement_io import write_engagement
    from heed.training.simulator.world import make_world

    steps.step(f"simulating {customers:,} customers over {_DAYS} days")
    played = make_world(SEED, customers, days=_DAYS, end=end).play()
    steps.step("writing the engagement data")
    write_engagement(played.data, settings.home / "data")
    return played


def _train(settings: Settings, steps: Steps) -> None:
    from heed.training.pipeline.train import train

    train(settings.home / "data", tracking_uri=settings.mlflow_uri, model_name=settings.model_name, progress=steps)


async def _live(settings: Settings, played: "SimulationRun", until: datetime, steps: Steps) -> None:
    watch = _Watch(until - timedelta(hours=_HOURS))
    if isinstance(settings.ledger_location, Path):
        await _live_aside(settings, played, watch, steps)
        return
    await _fill(settings, played, watch, steps)
    await _decide(settings, played, watch, steps)


async def _live_aside(settings: Settings, played: "SimulationRun", watch: _Watch, steps: Steps) -> None:
    """Make the file aside and move it into place when it is whole, so that whoever is interrupted can start again."""
    from heed.serving.ledger.sqlite.key_file import key_file

    aside = settings.model_copy(
        update={"home": settings.home / "preparing", "tracking_uri": settings.mlflow_uri, "database_url": None}
    )
    shutil.rmtree(aside.home, ignore_errors=True)
    await _fill(aside, played, watch, steps)
    await _decide(aside, played, watch, steps)
    settings.ledger_path.parent.mkdir(parents=True, exist_ok=True)
    _put(key_file(aside.ledger_path), key_file(settings.ledger_path))
    _put(aside.ledger_path, settings.ledger_path)
    shutil.rmtree(aside.home)


def _put(made: Path, place: Path) -> None:
    """Move a file that was made; there is no key where a setting names it."""
    if made.exists():
        shutil.move(made, place)


async def _fill(settings: Settings, played: "SimulationRun", watch: _Watch, steps: Steps) -> None:
    from heed.demo.seed import Register, history_start, seed_ledger
    from heed.serving.ledger.connect import open_ledger
    from heed.serving.ledger.migrate import upgrade
    from heed.training.contract.action_catalogue import to_catalogue

    steps.step("preparing the ledger")
    upgrade(settings.ledger_location, settings.sealing_key)
    catalogue = to_catalogue(played.data, settings.currency)
    register = Register(played.contact_points, played.consents, played.suppressions)
    with open_ledger(settings.ledger_location, clock=watch, key=settings.sealing_key) as ledger:
        since = history_start(played.data, _KNOWN_DAYS)
        await seed_ledger(ledger, played.data, register, catalogue, since=since, said=steps.step)


async def _decide(settings: Settings, played: "SimulationRun", watch: _Watch, steps: Steps) -> None:
    from heed.serving.bootstrap import bootstrap

    chosen = draw_customers(played.data.customers["customer_id"])
    steps.step(f"deciding for {chosen.size} customers")
    runtime = bootstrap(settings, clock=watch, identify=_Counter())
    try:
        runtime.deployment.try_load()
        for ids in chosen:
            watch.moment += timedelta(hours=1)
            await _decide_for(runtime.services.decisions, ids.tolist())
    finally:
        runtime.ledger.close()


async def _decide_for(engine: "DecisionService", ids: list[str]) -> None:
    """Decide for these customers at one moment; their decisions share a commit, and keep their order."""
    from heed.serving.decisions.record import Caller
    from heed.serving.schemas.decision_requests import DecideRequest

    await asyncio.gather(*(engine.decide(DecideRequest(customer_id=one), Caller("demo")) for one in ids))


def draw_customers(ids: pd.Series) -> np.ndarray:
    """Customers to decide for hour by hour, nobody twice; shape (24, decisions per hour)."""
    names = ids.to_numpy(dtype=object)
    per_hour = min(_DECISIONS_PER_HOUR, len(names) // _HOURS)
    drawn: np.ndarray = np.random.default_rng(SEED).choice(names, _HOURS * per_hour, replace=False)
    return drawn.reshape(_HOURS, per_hour)
