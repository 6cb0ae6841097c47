"""From engagement data to samples: which contacts count, in which part, with which features and labels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisioning.catalogue import HOLD
from training.contract.data import EngagementData
from training.contract.labels import labels, last_moment, matured, primary_outcome
from training.errors import TrainingError
from training.features.assemble import training_matrix
from training.features.declare import declare
from training.features.schema import FeatureSchema
from training.model.fit import Sample
from training.model.split import Part, Split, split


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything that learning and judging need.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts`` of the contacts that count.
    parts : Split
        Positions within `rows`.
    """

    data: EngagementData
    outcome: str
    rows: NDArray[np.int64]
    label: NDArray[np.bool_]
    parts: Split
    schema: FeatureSchema
    samples: Mapping[Part, Sample]

    def action(self, part: Part) -> np.ndarray:
        """The action of each row of a part, ``hold`` included."""
        return actions_of(self.data, self.contacts(part))

    def contacts(self, part: Part) -> NDArray[np.int64]:
        """Positions in ``data.contacts`` of a part."""
        return self.rows[self.parts[part]]

    @property
    def learns_uplift(self) -> bool:
        """Whether the fitting rows hold customers who were knowingly left alone."""
        return bool((self.action(Part.FIT) == HOLD).any())


def prepare(
    data: EngagementData,
    *,
    outcome: str | None,
    by: str,
    seed: int,
    exclude: frozenset[str] = frozenset(),
    include: frozenset[str] = frozenset(),
    words: Mapping[str, str] | None = None,
) -> Prepared:
    """Samples for each part; features are declared from the fitting rows alone.

    Parameters
    ----------
    exclude, include, words
        See :func:`training.features.declare.declare`.

    Raises
    ------
    ContractError
        If the actions name several outcome types and none is given.
    TrainingError
        If no contact can be learnt from.
    """
    outcome = outcome or primary_outcome(data)
    rows = usable(data, outcome)
    label = labels(data, outcome)[rows]
    parts = split(data.contacts.iloc[rows], by, seed)
    schema = declare(data, rows[parts[Part.FIT]], exclude=exclude, include=include, words=words)
    sample = Sample(training_matrix(schema, data, rows), label)
    samples = {part: sample.take(parts[part]) for part in Part}
    return Prepared(data, outcome, rows, label, parts, schema, samples)


def actions_of(data: EngagementData, rows: NDArray[np.int64]) -> np.ndarray:
    """The action of each of these contacts, ``hold`` included, as text, shape (n,)."""
    return np.asarray(data.contacts["action_id"].to_numpy(dtype=object)[rows], dtype=str)


def usable(data: EngagementData, outcome: str) -> NDArray[np.int64]:
    """Positions of the contacts whose action has this outcome, or that are hold rows, and whose window is over.

    Raises
    ------
    TrainingError
        If there are none.
    """
    actions = data.actions.loc[data.actions["outcome"] == outcome, "action_id"]
    if not len(actions):
        known = ", ".join(sorted(data.actions["outcome"].unique()))
        raise TrainingError("no action has this outcome", field="outcome", value=outcome, remedy=f"use one of {known}")
    relevant = data.contacts["action_id"].isin([*actions, HOLD]).to_numpy()
    rows = np.flatnonzero(relevant & matured(data, outcome, last_moment(data)))
    if not len(rows):
        remedy = "give data that reach further, or contacts with observed_until"
        raise TrainingError("no contact's window is over yet", field="contacts", value=0, remedy=remedy)
    return rows
