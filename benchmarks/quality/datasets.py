"""The data sets, and of each what both sides get."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.quality.simulated_world import SimulatedDataset, simulate
from benchmarks.quality.train_test_split import group_codes, in_training
from heed.decisioning.catalogue import HOLD, Catalogue
from heed.training.adapters.registry import adapter
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.contract.contact_rows import usable_rows
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames
from heed.training.contract.outcome_labels import outcome_labels, primary_outcome

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

SIMULATOR = "simulator"
# Where actions differ in nothing but what they say, only the outcome counts.
COUNTED = ("hillstrom", "karlan_list", "social_pressure")
DATASETS = ("hillstrom", "starbucks", "bank_marketing", "karlan_list", "social_pressure", SIMULATOR)


@dataclass(frozen=True, eq=False)
class Dataset:
    """One data set under one seed.

    Attributes
    ----------
    data : EngagementData
        All of it.
    rows : array of int, shape (n,)
        Positions in ``data.contacts`` of the contacts that can be judged.
    training : array of bool, shape (n,)
        Which of them are for training; the others are for the test.
    groups : array of int, shape (n,)
        A number for those whose rows belong together.
    world : SimulatedDataset or None
        The truth, where it is known.
    """

    name: str
    seed: int
    data: EngagementData
    outcome: str
    rows: Ints
    training: Bools
    groups: Ints
    world: SimulatedDataset | None

    @cached_property
    def label(self) -> Bools:
        """Whether the outcome happened, shape (n,)."""
        return np.asarray(outcome_labels(self.data, self.outcome)[self.rows])

    @cached_property
    def catalogue(self) -> Catalogue:
        """The actions; where only the outcome counts, each is worth 1 and costs nothing."""
        catalogue = to_catalogue(self.data)
        if self.name not in COUNTED:
            return catalogue
        return replace(catalogue, actions=tuple(replace(one, value=1.0, cost=0.0) for one in catalogue.actions))

    @property
    def value(self) -> Floats:
        """What an outcome of each action is worth, shape (actions,)."""
        return np.array([action.value for action in self.catalogue.actions])

    @property
    def cost(self) -> Floats:
        """What each action costs, shape (actions,)."""
        return np.array([action.cost for action in self.catalogue.actions])

    @cached_property
    def taken(self) -> Ints:
        """The place of the action of each row, after the last for hold, shape (n,)."""
        ids = [*(action.action_id for action in self.catalogue.actions), HOLD]
        return np.asarray(pd.Index(ids).get_indexer(pd.Index(self._of("action_id"))), dtype=np.int64)

    @cached_property
    def logged(self) -> Floats:
        """Probability of what was done, shape (n,); NaN where nobody knows."""
        return self._of("propensity").to_numpy(dtype=np.float64)

    @cached_property
    def allowed(self) -> Bools:
        """What could have been done, shape (n, actions)."""
        everything = np.ones((len(self.rows), len(self.catalogue.actions)), dtype=np.bool_)
        return everything if self.world is None else self.world.admissible[self.rows]

    @property
    def randomised(self) -> bool:
        """Whether what was done was drawn with known probabilities, holding among it."""
        return bool(np.isfinite(self.logged).all()) and bool((self.taken == len(self.catalogue.actions)).any())

    @cached_property
    def design(self) -> Floats:
        """Probability of hold and of each action by design; empty where it depends on the customer or is unknown."""
        if self.world is not None or not self.randomised:
            return np.empty(0)
        places = [len(self.catalogue.actions), *range(len(self.catalogue.actions))]
        return np.array([self.logged[self.taken == place].mean() for place in places])

    def training_data(self) -> EngagementData:
        """All that is known of the training customers, and nothing of the others."""
        contacts = self.data.contacts.iloc[self.rows[self.training]]
        return customer_subset(self.data, set(contacts["customer_id"]))

    def _of(self, column: str) -> pd.Series:
        return self.data.contacts[column].iloc[self.rows]


def sources(folder: Path, names: tuple[str, ...]) -> Mapping[str, EngagementData]:
    """The public data sets among `names`, from the folder that has a folder for each."""
    return {name: adapter(name)(folder / name) for name in names if name != SIMULATOR}


def load_dataset(name: str, seed: int, known: Mapping[str, EngagementData], quick: int | None) -> Dataset:
    """A data set divided by a seed; the simulator makes another world for each seed.

    Parameters
    ----------
    quick : int or None
        Take about so many contacts of it, for a glance.
    """
    world = simulate(seed, quick) if name == SIMULATOR else None
    data = known[name] if world is None else world.data
    outcome = primary_outcome(data)
    rows = usable_rows(data, outcome)
    owners = data.contacts["customer_id"].iloc[rows]
    groups = _groups(name, owners)
    if quick is not None and len(rows) > quick:
        kept = in_training(groups, -1, quick / len(rows))
        rows, groups = rows[kept], groups[kept]
    named = groups if world is None else f"{seed}/" + groups
    return Dataset(name, seed, data, outcome, rows, in_training(groups, seed), group_codes(named), world)


def customer_subset(data: EngagementData, chosen: set[str]) -> EngagementData:
    """The same tables with these customers alone."""
    frames = {name: frame for name, frame in data.tables() if name != "actions"}
    kept = {name: frame[frame["customer_id"].isin(chosen)] for name, frame in frames.items()}
    return from_frames(actions=data.actions, **kept)


def _groups(name: str, owners: pd.Series) -> pd.Series:
    """Whose rows belong together: a customer's, and in the turnout trial those of a block of households."""
    return owners.str.rsplit("-voter-", n=1).str[0] if name == "social_pressure" else owners
