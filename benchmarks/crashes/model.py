"""A model of a small simulated world, learnt in some seconds."""

from pathlib import Path

from training.model.fit import Settings
from training.model.storage import save
from training.pipeline import learn_bundle
from training.prepare import prepare
from training.world.world import make_world

_SEED, _CUSTOMERS = 3, 400


def trained(folder: Path) -> Path:
    """Learn it and keep it under `folder`; where it is."""
    played = make_world(_SEED, _CUSTOMERS).play()
    bundle = learn_bundle(prepare(played.data, outcome=None, by="customer", seed=0), settings=Settings(), seed=0)
    path = folder / "model"
    save(bundle, path)
    return path
