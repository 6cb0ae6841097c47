"""heed as it is run, on a model of a small simulated world: made once, served from as many databases as are tried."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.crashes.subject import Subject
from heed.demo.seed import Register, history_start, seed_ledger
from heed.serving.ledger.ledger import Ledger
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.model.booster import BoosterSettings
from heed.training.model.bundle_files import save_bundle
from heed.training.pipeline.dataset import build_dataset
from heed.training.pipeline.train import train_bundle
from heed.training.simulator.world import SimulationRun, make_world

_SEED, _CUSTOMERS = 3, 400
# Few enough that a customer meets the cap between two kills, however long a start takes.
_ASKED = 100
# Features look back 90 days; one more leaves no doubt about the edge.
_KNOWN_DAYS = 91


@dataclass(frozen=True)
class Lived:
    """What the world left, and where the model of it is."""

    played: SimulationRun
    model: Path


def lived(folder: Path) -> Lived:
    """Play the world up to now, learn from it and keep the model under `folder`; some ten seconds."""
    played = make_world(_SEED, _CUSTOMERS, end=datetime.now(UTC)).play()
    bundle = train_bundle(
        build_dataset(played.data, outcome=None, by="customer", seed=0), settings=BoosterSettings(), seed=0
    )
    save_bundle(bundle, folder / "model")
    return Lived(played, folder / "model")


def whole(lived: Lived, workers: int, *, hasty: bool) -> Subject:
    """heed as it is run: BentoML with all that it starts, a trained model, and the customers it was trained on."""

    async def settle(ledger: Ledger) -> Sequence[str]:
        played = lived.played
        register = Register(played.contact_points, played.consents, played.suppressions)
        since = history_start(played.data, _KNOWN_DAYS)
        await seed_ledger(
            ledger, played.data, register, to_catalogue(played.data), since=since, progress=lambda _: None
        )
        return tuple(str(one) for one in played.data.customers["customer_id"].head(_ASKED))

    told = {"HEED_MODEL": str(lived.model), "HEED_WORKERS": str(workers)}
    return Subject(_hasty_service if hasty else _service, settle, told)


def _service(port: int) -> list[str]:
    return [sys.executable, "-m", "heed", "serve", "--port", str(port)]


def _hasty_service(port: int) -> list[str]:
    where = ["--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, "-m", "bentoml", "serve", "benchmarks.crashes.hasty_service:Heed", *where]
