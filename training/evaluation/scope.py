"""Which contacts a model can score, and which of them count in the evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD
from heed.training.contract.contact_rows import contact_actions, usable_rows
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.outcome_labels import is_matured, last_moment, outcome_labels
from heed.training.evaluation.metrics.estimate import Ints
from heed.training.features.feature import FeatureSource
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.bundle import Bundle
from heed.training.model.split import Part, split

UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class ScopeCounts:
    """How many contacts were scored, evaluated and left out.

    Attributes
    ----------
    contacts, scored, judged : int
        Contacts and holds in the data, those with predictions, and those that the metrics count.
    immature : int
        Scored contacts whose outcome window is not over yet.
    other_outcome : int
        Contacts left out because their action has another outcome than the model.
    unknown_actions : mapping of str to int
        Contacts by action that the model was not trained on, scored from the action's attributes.
    missing_columns : tuple of str
        Model inputs that the data do not have, treated as missing values.
    """

    contacts: int
    scored: int
    judged: int
    immature: int
    other_outcome: int
    unknown_actions: Mapping[str, int] = field(default_factory=dict)
    missing_columns: tuple[str, ...] = ()

    def notes(self) -> list[str]:
        """What a reader must know, in sentences."""
        notes = []
        if self.immature:
            notes.append(f"{self.immature:,} contacts are left out of all metrics: their outcome window is not over.")
        if self.other_outcome:
            notes.append(f"{self.other_outcome:,} contacts are left out: their action has another outcome.")
        if self.unknown_actions:
            names = ", ".join(f"`{name}` ({count:,})" for name, count in self.unknown_actions.items())
            notes.append(f"The model was not trained on {names}; these were scored from the action's attributes.")
        if self.missing_columns:
            names = ", ".join(f"`{name}`" for name in self.missing_columns)
            notes.append(f"The model uses {names}, which these data do not have; treated as missing.")
        return notes


@dataclass(frozen=True, eq=False)
class EvaluationScope:
    """The contacts that a model can score.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    label, mature : array of bool, shape (n,)
        Whether the outcome happened, and whether its window is over.
    part : array of str, shape (n,)
        The row's part of the model's training data, or ``unseen``.
    own_data : bool
        Whether these are the model's training data.
    """

    rows: Ints
    label: NDArray[np.bool_]
    mature: NDArray[np.bool_]
    part: NDArray[np.str_]
    own_data: bool
    counts: ScopeCounts

    @property
    def evaluated(self) -> NDArray[np.bool_]:
        """Rows that count in the metrics: the test set of the model's own data, all rows of other data; shape (n,)."""
        return _evaluated(self.mature, self.part)


def evaluation_scope(bundle: Bundle, data: EngagementData) -> EvaluationScope:
    """The holds, and the contacts whose action has the model's outcome.

    Raises
    ------
    TrainingError
        If no action has that outcome, or no contact's window is over.
    """
    usable = usable_rows(data, bundle.outcome)
    actions = data.actions.loc[data.actions["outcome"] == bundle.outcome, "action_id"]
    rows = np.flatnonzero(data.contacts["action_id"].isin([*actions, HOLD]).to_numpy())
    mature = is_matured(data, bundle.outcome, last_moment(data))[rows] & np.isin(rows, usable)
    own_data = data.digest == bundle.card.data_digest
    part = np.full(len(rows), UNSEEN, dtype="<U9")
    if own_data:
        parts = split(data.contacts.iloc[usable], bundle.card.split, bundle.card.seed)
        for name in Part:
            part[np.isin(rows, usable[parts[name]])] = name.value
    counts = ScopeCounts(
        contacts=len(data.contacts),
        scored=len(rows),
        judged=int(_evaluated(mature, part).sum()),
        immature=int((~mature).sum()),
        other_outcome=len(data.contacts) - len(rows),
        unknown_actions=_unknown_actions(bundle, contact_actions(data, rows)),
        missing_columns=tuple(missing_columns(bundle.schema, data)),
    )
    return EvaluationScope(rows, outcome_labels(data, bundle.outcome)[rows], mature, part, own_data, counts)


def missing_columns(schema: FeatureSchema, data: EngagementData) -> list[str]:
    """Model inputs that the data do not have, such as ``customers.age``, sorted."""
    return sorted(_input_columns(schema) - _data_columns(data))


def _evaluated(mature: NDArray[np.bool_], part: NDArray[np.str_]) -> NDArray[np.bool_]:
    return mature & np.isin(part, [Part.TEST.value, UNSEEN])


def _unknown_actions(bundle: Bundle, taken: np.ndarray) -> dict[str, int]:
    names, counts = np.unique(taken, return_counts=True)
    by_action = zip(names.tolist(), counts.tolist(), strict=True)
    return {name: count for name, count in by_action if name != HOLD and name not in bundle.catalogue.by_id}


def _input_columns(schema: FeatureSchema) -> set[str]:
    tables = {FeatureSource.CUSTOMER: "customers", FeatureSource.ACTION: "actions", FeatureSource.CONTEXT: "contacts"}
    return {f"{table}.{feature.of}" for source, table in tables.items() for feature in schema.of_source(source)}


def _data_columns(data: EngagementData) -> set[str]:
    return {f"{table}.{column}" for table, frame in data.tables() for column in frame.columns}
