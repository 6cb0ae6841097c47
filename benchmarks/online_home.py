"""What the benchmark of `/decide` runs on: a world with 20 actions, a model of it, and a ledger that knows them."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from heed.decisioning.customer import Facts
from heed.demo.seed import Register, history_start, seed_ledger
from heed.guardrails.policy.load import DEFAULT_POLICY
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.migrate import upgrade
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames, write_engagement
from heed.training.model.booster import BoosterSettings as LearningSettings
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import load_bundle, save_bundle
from heed.training.pipeline.dataset import build_dataset
from heed.training.pipeline.model_registry import find_model_version
from heed.training.pipeline.train import train, train_bundle
from heed.training.simulator.world import SimulationRun, make_world

ACTIONS = 20
_SEED = 11


@dataclass(frozen=True)
class Prepared:
    """Everything both servers need, on disk."""

    path: Path
    bundle: Path
    policy: Path
    bodies: Path
    bare: Path
    customer_ids: tuple[str, ...]


def prepared(home: Path, *, customers: int, searched: bool = True) -> Prepared:
    """Make the world, train on it and fill the ledger; without a search the model's settings are the usual ones."""
    played = make_world(_SEED, customers, days=120, end=datetime.now(UTC)).play()
    data = _with_variants(played.data)
    path = _trained(home, data) if searched else _learnt(home, data)
    _fill(home, played, data)
    customer_ids = tuple(str(one) for one in data.customers["customer_id"])
    bodies = home / "bodies.jsonl"
    bodies.write_text("\n".join(json.dumps({"customer_id": one}) for one in customer_ids), encoding="utf-8")
    bundle = load_bundle(path)
    bare = _bare(home, bundle, customer_ids)
    return Prepared(home, path, DEFAULT_POLICY, bodies, bare, customer_ids)


def _trained(home: Path, data: EngagementData) -> Path:
    """As `heed train` does it, into a registry."""
    write_engagement(data, home / "data")
    uri = f"sqlite:///{home / 'mlflow.db'}"
    found = find_model_version(uri, "heed", train(home / "data", tracking_uri=uri).alias)
    if found is None:
        raise RuntimeError("the trained model is not in the registry")
    return found.path


def _learnt(home: Path, data: EngagementData) -> Path:
    """The model alone, in a folder."""
    found = build_dataset(data, outcome=None, by="customer", seed=0)
    save_bundle(train_bundle(found, settings=LearningSettings(), seed=0), home / "bundle")
    return home / "bundle"


def _with_variants(data: EngagementData) -> EngagementData:
    """The world's actions and, up to 20, a second variant of each: half of its contacts become the variant's."""
    first = data.actions[data.actions["valid_until"].isna()]
    copies = first.head(ACTIONS - len(data.actions)).assign(
        action_id=lambda frame: frame["action_id"] + "_b", valid_from=pd.NaT
    )
    contacts = data.contacts.copy()
    halved = contacts["action_id"].isin(first["action_id"].head(len(copies))) & (np.arange(len(contacts)) % 2 == 0)
    contacts.loc[halved, "action_id"] = contacts.loc[halved, "action_id"] + "_b"
    contacts.loc[halved, "propensity"] = contacts.loc[halved, "propensity"] / 2.0
    actions = pd.concat([data.actions.assign(valid_from=pd.NaT, valid_until=pd.NaT), copies.assign(valid_until=pd.NaT)])
    return from_frames(
        actions=actions,
        customers=data.customers,
        contacts=contacts,
        signals=data.signals,
        outcomes=data.outcomes,
    )


def _fill(home: Path, played: SimulationRun, data: EngagementData) -> None:
    path = home / "ledger.db"
    upgrade(path)
    ledger = open_ledger(path)
    register = Register(played.contact_points, played.consents, played.suppressions)
    try:
        since = history_start(data, 91)
        asyncio.run(seed_ledger(ledger, data, register, to_catalogue(data), since=since, progress=lambda _: None))
    finally:
        ledger.close()


def _bare(home: Path, bundle: Bundle, customer_ids: tuple[str, ...]) -> Path:
    """The booster and, for every customer, the rows that heed would assemble."""
    folder = home / "bare"
    folder.mkdir()
    (folder / "booster.txt").write_text(bundle.head.trees.booster.model_to_string(), encoding="utf-8")
    ledger = open_ledger(home / "ledger.db", readonly=True)
    now = datetime.now(UTC)
    actions = bundle.catalogue.valid_at(now)
    try:
        rows = [
            bundle.assembler.matrix(Facts(ledger.customers.snapshot(one).customer, now), actions)
            for one in customer_ids
        ]
    finally:
        ledger.close()
    names = np.array([action.action_id for action in actions])
    np.savez(folder / "rows.npz", rows=np.stack(rows), customer_ids=np.array(customer_ids), action_ids=names)
    return folder
