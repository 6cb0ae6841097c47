"""Which contacts of a directory a model can be asked about, and which of them may judge it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.outcome_labels import is_matured, last_moment, outcome_labels
from heed.training.evaluation.gates.champion_scores import missing_columns
from heed.training.evaluation.metrics.estimate import Ints
from heed.training.model.bundle import Bundle
from heed.training.model.split import Part, split
from heed.training.pipeline.dataset import contact_actions, usable_rows

UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class ScopeCounts:
    """What could be asked and what could not.

    Attributes
    ----------
    contacts, scored, judged : int
        Contacts and holds of the directory, those with probabilities, and those that figures are about.
    immature : int
        Of those scored: their window is not over yet, so that their outcome is open.
    other_outcome : int
        Left out, as their action is about another outcome than the model.
    unknown_actions : mapping of str to int
        Contacts by action that the model was not trained on; scored by what is known of the action.
    missing_columns : tuple of str
        What the model looks at and the data do not have; taken as missing.
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
        said = []
        if self.immature:
            said.append(f"{self.immature:,} contacts are left out of all figures: their window is not over yet.")
        if self.other_outcome:
            said.append(f"{self.other_outcome:,} contacts are left out: their action is about another outcome.")
        if self.unknown_actions:
            named = ", ".join(f"`{name}` ({count:,})" for name, count in self.unknown_actions.items())
            said.append(f"The model was not trained on {named}; it goes by what such actions have in common.")
        if self.missing_columns:
            named = ", ".join(f"`{name}`" for name in self.missing_columns)
            said.append(f"The model looks at {named}, which these data do not have.")
        return said


@dataclass(frozen=True, eq=False)
class EvaluationScope:
    """The contacts that a model can be asked about.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    label, mature : array of bool, shape (n,)
        Whether the outcome happened, and whether the window is over.
    part : array of str, shape (n,)
        Which part of its own training data the row was in, else ``unseen``.
    sealed : bool
        Whether these are the model's own training data.
    """

    rows: Ints
    label: NDArray[np.bool_]
    mature: NDArray[np.bool_]
    part: NDArray[np.str_]
    sealed: bool
    counts: ScopeCounts

    @property
    def judging(self) -> NDArray[np.bool_]:
        """Which rows figures are about: the sealed part of the model's own data, every row of others; shape (n,)."""
        return self.mature & np.isin(self.part, [Part.TEST.value, UNSEEN])


def evaluation_scope(bundle: Bundle, data: EngagementData) -> EvaluationScope:
    """The contacts whose action has the model's outcome, and holds.

    Raises
    ------
    TrainingError
        If no action has that outcome, or no contact's window is over.
    """
    known = usable_rows(data, bundle.outcome)
    actions = data.actions.loc[data.actions["outcome"] == bundle.outcome, "action_id"]
    rows = np.flatnonzero(data.contacts["action_id"].isin([*actions, HOLD]).to_numpy())
    mature = is_matured(data, bundle.outcome, last_moment(data))[rows] & np.isin(rows, known)
    sealed = data.digest == bundle.card.data_digest
    part = np.full(len(rows), UNSEEN, dtype="<U9")
    if sealed:
        parts = split(data.contacts.iloc[known], bundle.card.split, bundle.card.seed)
        for name in Part:
            part[np.isin(rows, known[parts[name]])] = name.value
    judging = mature & np.isin(part, [Part.TEST.value, UNSEEN])
    counts = ScopeCounts(
        contacts=len(data.contacts),
        scored=len(rows),
        judged=int(judging.sum()),
        immature=int((~mature).sum()),
        other_outcome=len(data.contacts) - len(rows),
        unknown_actions=_unknown(bundle, contact_actions(data, rows)),
        missing_columns=tuple(missing_columns(bundle.schema, data)),
    )
    return EvaluationScope(rows, outcome_labels(data, bundle.outcome)[rows], mature, part, sealed, counts)


def _unknown(bundle: Bundle, done: np.ndarray) -> dict[str, int]:
    names, counts = np.unique(done, return_counts=True)
    found = zip(names.tolist(), counts.tolist(), strict=True)
    return {name: count for name, count in found if name != HOLD and name not in bundle.catalogue.by_id}
