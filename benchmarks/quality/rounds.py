"""One round: a data set under one seed, asked of heed and of the peers."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.clustered_estimates import WeightedRows, normalised_gain, one_hot
from benchmarks.quality.datasets import Dataset
from benchmarks.quality.peer_environment import PeerEnvironment
from benchmarks.quality.tasks import PeerTask
from heed.training.contract.engagement_io import write_engagement
from heed.training.evaluation.gates.champion_scores import score_champion
from heed.training.evaluation.policy_choices import choose_actions
from heed.training.features.definition import define_features
from heed.training.features.feature import FeatureSource
from heed.training.features.feature_matrix import training_matrix
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import load_bundle
from heed.training.pipeline.model_registry import champion
from heed.training.pipeline.train import train

HEED = "heed"
HOLD, ANY, SINGLE = "hold for all", "any action at random", "best single action"

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
# A customer's history with the very action says something of the action: uplift learners get one row per customer.
_OF_ACTIONS = (FeatureSource.ACTION, FeatureSource.CROSS)


@dataclass(frozen=True, eq=False)
class Round:
    """What everybody said of the test rows.

    Attributes
    ----------
    material : Dataset
    said : mapping of method to array of float, shape (m,)
        Probability of the outcome of what was done.
    chosen : mapping of method to array of float, shape (m, actions + 1)
        Probability with which each would have taken each action; hold comes last.
    seconds : mapping of method to float
        To train and to answer.
    """

    material: Dataset
    said: dict[str, Floats] = field(default_factory=dict)
    chosen: dict[str, Floats] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def test(self) -> NDArray[np.bool_]:
        """Which rows of the material are for the test."""
        return ~self.material.training

    def weighing(self, method: str) -> WeightedRows:
        """What the test rows say of a method's choices."""
        return weighted_rows(self.material, self.test, self.chosen[method])


def run_round(material: Dataset, peers: PeerEnvironment, *, with_heed: bool) -> Round:
    """Ask everybody."""
    found = Round(material)
    schema = define_features(material.data, material.rows[material.training])
    matrix = training_matrix(schema, material.data, material.rows)
    _note(found, peers, matrix, schema)
    if material.randomised:
        _simple_choices(found)
        _learners(found, peers, matrix, schema)
    if with_heed:
        _heed(found)
    return found


def weighted_rows(material: Dataset, rows: NDArray[np.bool_], chance: Floats) -> WeightedRows:
    """What some rows of the material say of choices for them."""
    return WeightedRows(
        chance=chance,
        taken=material.taken[rows],
        label=material.label[rows],
        logged=material.logged[rows],
        value=material.value,
        cost=material.cost,
    )


def choose_by_net_value(uplift: Floats, allowed: NDArray[np.bool_], value: Floats, cost: Floats) -> Ints:
    """The allowed action of the greatest net value, or hold if none is above 0; shape (n,).

    Parameters
    ----------
    uplift, allowed : array, shape (n, actions)
    value, cost : array of float, shape (actions,)
    """
    net = np.where(allowed, value * uplift - cost, -np.inf)
    best = net.argmax(axis=1)
    return np.where(net[np.arange(len(net)), best] > 0.0, best, net.shape[1])


def best_single(material: Dataset) -> int:
    """The action that gains most on the training rows where it is allowed, hold if none gains."""
    rows = material.training
    gains = [
        normalised_gain(
            weighted_rows(material, rows, _always(material, rows, place)), np.ones(rows.sum(), dtype=np.bool_)
        )
        for place in range(len(material.catalogue.actions))
    ]
    return int(np.argmax(gains)) if max(gains) > 0.0 else len(gains)


def uniform_policy(allowed: NDArray[np.bool_]) -> Floats:
    """Every allowed action with the same probability, hold where none is; shape (n, actions + 1)."""
    count = allowed.sum(axis=1, keepdims=True)
    return np.hstack([allowed / np.maximum(count, 1), count == 0])


def _always(material: Dataset, rows: NDArray[np.bool_], place: int) -> Floats:
    hold = len(material.catalogue.actions)
    allowed = np.ones(int(rows.sum()), dtype=np.bool_) if place == hold else material.allowed[rows, place]
    return one_hot(np.where(allowed, place, hold), hold)


def _note(found: Round, peers: PeerEnvironment, matrix: Floats, schema: FeatureSchema) -> None:
    task = _task(found.material, matrix, schema.categorical_columns, learners=False)
    for kind in ("probabilities", "plain"):
        answer = peers.ask(kind, task)
        found.said.update(answer.said)
        found.seconds.update(answer.seconds)


def _simple_choices(found: Round) -> None:
    material, rows = found.material, found.test
    found.chosen[HOLD] = _always(material, rows, len(material.catalogue.actions))
    found.chosen[ANY] = uniform_policy(material.allowed[rows])
    found.chosen[SINGLE] = _always(material, rows, best_single(material))


def _learners(found: Round, peers: PeerEnvironment, matrix: Floats, schema: FeatureSchema) -> None:
    kept = [place for place, one in enumerate(schema.features) if one.source not in _OF_ACTIONS]
    categories = tuple(kept.index(place) for place in schema.categorical_columns if place in kept)
    answer = peers.ask("learners", _task(found.material, matrix[:, kept], categories, learners=True))
    found.seconds.update(answer.seconds)
    found.chosen.update({name: _chosen(found, uplift) for name, uplift in answer.said.items()})


def _chosen(found: Round, uplift: Floats) -> Floats:
    material = found.material
    choice = choose_by_net_value(uplift, material.allowed[found.test], material.value, material.cost)
    return one_hot(choice, len(material.value))


def _task(material: Dataset, matrix: Floats, categories: tuple[int, ...], *, learners: bool) -> PeerTask:
    train = material.training
    # Peers count from the control, heed keeps hold last.
    taken = (material.taken + 1) % (len(material.catalogue.actions) + 1)
    return PeerTask(
        train=matrix[train],
        test=matrix[~train],
        label=material.label[train],
        groups=material.groups[train],
        categories=np.array(categories, dtype=np.int64),
        taken=taken[train] if learners else np.empty(0, dtype=np.int64),
        design=material.design if learners else np.empty(0),
        seed=np.array(material.seed),
    )


def _heed(found: Round) -> None:
    began = perf_counter()
    material = found.material
    test = material.rows[found.test]
    bundle, version = _trained(material)
    answer = score_champion(bundle, version, material.data, test, material.outcome, bundle.card.seed, bundle.card.split)
    if answer.propensity is None:
        raise RuntimeError(f"heed cannot speak of {material.name}: {answer.note}")
    found.said[HEED] = answer.propensity
    if material.randomised:
        found.chosen[HEED] = _chosen(found, _uplift(bundle, material, test))
    found.seconds[HEED] = perf_counter() - began


def _trained(material: Dataset) -> tuple[Bundle, str]:
    """A model of the training customers, made as a user would make it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_engagement(material.training_data(), home / "data")
        tracking = f"sqlite:///{home / 'mlflow.db'}"
        result = train(home / "data", tracking_uri=tracking, seed=material.seed, outcome=material.outcome)
        return load_bundle(champion(tracking, alias=result.alias).path), result.version


def _uplift(bundle: Bundle, material: Dataset, rows: Ints) -> Floats:
    """Uplift of the catalogue's actions, in the order of the material, shape (n, actions)."""
    told = choose_actions(bundle, material.data, rows)
    if told.uplift is None:
        raise RuntimeError(f"heed tells no uplift on {material.name}")
    order: Mapping[str, int] = {action.action_id: place for place, action in enumerate(told.actions)}
    return told.uplift[:, [order[action.action_id] for action in material.catalogue.actions]]
