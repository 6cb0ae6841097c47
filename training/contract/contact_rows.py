"""Rows of the contacts table: their actions, and which rows are usable for training."""

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.outcome_labels import is_matured, last_moment
from heed.training.errors import TrainingError


def contact_actions(data: EngagementData, rows: NDArray[np.int64]) -> np.ndarray:
    """The action of each of these contacts, including ``hold``, as text, shape (n,)."""
    return np.asarray(data.contacts["action_id"].to_numpy(dtype=object)[rows], dtype=str)


def usable_rows(data: EngagementData, outcome: str) -> NDArray[np.int64]:
    """Row indices of hold rows and of contacts whose action has this outcome, if their window is over.

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
    rows = np.flatnonzero(relevant & is_matured(data, outcome, last_moment(data)))
    if not len(rows):
        remedy = "give data over a longer period, or contacts with observed_until"
        raise TrainingError("no contact's window is over yet", field="contacts", value=0, remedy=remedy)
    return rows
