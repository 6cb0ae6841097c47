"""The training dataset: usable contacts, their split, features and labels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD
from heed.training.contract.contact_rows import contact_actions, usable_rows
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.harm_labels import harm_labels
from heed.training.contract.outcome_labels import outcome_labels, primary_outcome
from heed.training.features.definition import define_features
from heed.training.features.feature_matrix import training_matrix
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.contact_sample import build_sample, contact_pooling_groups
from heed.training.model.sample import Rows, Sample
from heed.training.model.split import Part, Split, split

# With fewer cases of harm no feature can be learned.
MIN_HARM_CASES = 60


@dataclass(frozen=True, eq=False)
class TrainingDataset:
    """Samples for training and evaluation.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Positions of the usable contacts in ``data.contacts``.
    parts : Split
        Positions of each part within `rows`.
    counterfactual : Rows or None
        The training rows with their counterfactual action: hold for contacts, a random action for holds. None where the
        data have no holds.
    """

    data: EngagementData
    outcome: str
    rows: NDArray[np.int64]
    label: NDArray[np.bool_]
    parts: Split
    schema: FeatureSchema
    samples: Mapping[Part, Sample]
    counterfactual: Rows | None

    def action(self, part: Part) -> np.ndarray:
        """The action of each row of a part, ``hold`` included."""
        return contact_actions(self.data, self.contacts(part))

    def contacts(self, part: Part) -> NDArray[np.int64]:
        """Positions in ``data.contacts`` of a part."""
        return self.rows[self.parts[part]]


def build_dataset(
    data: EngagementData,
    *,
    outcome: str | None,
    by: str,
    seed: int,
    exclude: frozenset[str] = frozenset(),
    include: frozenset[str] = frozenset(),
    words: Mapping[str, str] | None = None,
) -> TrainingDataset:
    """Build the samples of each part; features are defined on the training rows only.

    Parameters
    ----------
    exclude, include, words
        See :func:`heed.training.features.definition.define_features`.

    Raises
    ------
    ContractError
        If the actions have several outcome types and none is given.
    TrainingError
        If no contact is usable.
    """
    outcome = outcome or primary_outcome(data)
    rows = usable_rows(data, outcome)
    label = outcome_labels(data, outcome)[rows]
    parts = split(data.contacts.iloc[rows], by, seed)
    schema = define_features(data, rows[parts[Part.FIT]], exclude=exclude, include=include, words=words)
    samples = {part: build_sample(schema, data, rows[parts[part]], label[parts[part]]) for part in Part}
    samples[Part.FIT] = _with_next_action(schema, data, rows[parts[Part.FIT]], samples[Part.FIT])
    counterfactual = _counterfactual_rows(schema, data, rows[parts[Part.FIT]], samples[Part.FIT], seed)
    return TrainingDataset(data, outcome, rows, label, parts, schema, samples, counterfactual)


def harm_sample(prepared: TrainingDataset) -> Sample | None:
    """The training contacts without holds, labeled with harm; None where there is too little of it."""
    rows = prepared.contacts(Part.FIT)
    sample = _harm_sample(prepared, rows, prepared.samples[Part.FIT])
    if sample.label.sum() < MIN_HARM_CASES:
        return None
    return _with_next_action(prepared.schema, prepared.data, rows[~prepared.samples[Part.FIT].is_hold], sample)


def full_samples(prepared: TrainingDataset) -> tuple[Sample, Sample]:
    """All contacts, test set included, labeled with the outcome; and those that are not holds, labeled with harm."""
    sample = build_sample(prepared.schema, prepared.data, prepared.rows, prepared.label)
    return sample, _harm_sample(prepared, prepared.rows, sample)


def _harm_sample(prepared: TrainingDataset, rows: NDArray[np.int64], sample: Sample) -> Sample:
    """The rows of a sample that are not holds, labeled with harm; `rows` are its positions in ``data.contacts``."""
    contacted = np.flatnonzero(~sample.is_hold)
    return sample.take(contacted).with_labels(harm_labels(prepared.data)[rows[contacted]])


def _counterfactual_rows(
    schema: FeatureSchema, data: EngagementData, rows: NDArray[np.int64], fit: Sample, seed: int
) -> Rows | None:
    if not fit.is_hold.any():
        return None
    action = data.contacts["action_id"].iloc[rows].to_numpy(dtype=object)
    drawn = np.random.default_rng(seed).choice(action[~fit.is_hold], size=int(fit.is_hold.sum()))
    other = np.full(len(rows), HOLD, dtype=object)
    other[fit.is_hold] = drawn
    return _rows_with_action(schema, data, rows, other)


def _with_next_action(schema: FeatureSchema, data: EngagementData, rows: NDArray[np.int64], sample: Sample) -> Sample:
    """The sample with each customer's next action, as of the time of each row."""
    following = sample.next_row
    if (following < 0).all():
        return sample
    action = data.contacts["action_id"].iloc[rows].to_numpy(dtype=object)
    return replace(
        sample,
        next_action_rows=_rows_with_action(schema, data, rows, np.where(following >= 0, action[following], action)),
    )


def _rows_with_action(schema: FeatureSchema, data: EngagementData, rows: NDArray[np.int64], action: np.ndarray) -> Rows:
    return Rows(training_matrix(schema, data, rows, action), contact_pooling_groups(data, pd.Series(action)))
