"""Labels: which contacts were followed by an outcome within their window, and which are censored."""

from datetime import datetime

import numpy as np
import pandas as pd

from heed.decisioning.catalogue import HOLD
from heed.decisioning.errors import ContractError
from heed.training.contract.engagement_data import EngagementData


def primary_outcome(data: EngagementData) -> str:
    """The outcome type shared by all actions.

    Raises
    ------
    ContractError
        If the actions have several.
    """
    types = sorted(data.actions["outcome"].unique())
    if len(types) != 1:
        message = "the actions do not share one outcome type"
        remedy = "choose the type to learn with --outcome"
        raise ContractError(message, field="actions outcome", value=", ".join(types), remedy=remedy)
    return str(types[0])


def outcome_labels(data: EngagementData, outcome: str) -> np.ndarray:
    """Whether each contact was followed by an outcome of this type within its window.

    An outcome with a contact id counts for that contact, any other for the customer's latest contact or hold row at or
    before it (for equal times, the last in the table). It must lie in ``[at, at + window)``.

    Returns
    -------
    numpy.ndarray of bool, shape (contacts,)
        In the order of ``data.contacts``. False also for windows that are not over, see :func:`is_matured`.
    """
    happened = data.outcomes.loc[data.outcomes["type"] == outcome]
    start = data.contacts["at"].to_numpy(dtype="datetime64[us]")
    end = start + outcome_windows(data, outcome)
    success = np.zeros(len(data.contacts), dtype=bool)
    for rows, at in (_named(data, happened), _latest(data, happened)):
        success[rows[(start[rows] <= at) & (at < end[rows])]] = True
    return success


def outcome_windows(data: EngagementData, outcome: str) -> np.ndarray:
    """The outcome window of each contact.

    Hold rows get the longest window of the actions with that outcome (of all actions if none has it), so that contacts
    and hold rows are comparable.

    Returns
    -------
    numpy.ndarray of timedelta64[us], shape (contacts,)
    """
    actions = data.actions
    days = actions.set_index("action_id")["window_days"]
    sharing = actions.loc[actions["outcome"] == outcome, "window_days"]
    days[HOLD] = sharing.max() if len(sharing) else days.max()
    return _microseconds(data.contacts["action_id"].map(days))


def is_matured(data: EngagementData, outcome: str, as_of: datetime) -> np.ndarray:
    """Whether each contact's window was over at the end of observation: ``observed_until``, else `as_of`.

    The other contacts are censored: an outcome may still follow.

    Returns
    -------
    numpy.ndarray of bool, shape (contacts,)
    """
    observed = data.contacts["observed_until"].fillna(pd.Timestamp(as_of).as_unit("us"))
    over = data.contacts["at"].to_numpy(dtype="datetime64[us]") + outcome_windows(data, outcome)
    done: np.ndarray = over <= observed.to_numpy(dtype="datetime64[us]")
    return done


def last_moment(data: EngagementData) -> pd.Timestamp:
    """The latest time of any contact, signal or outcome, the default for `as_of`.

    Raises
    ------
    ContractError
        If the data has no events.
    """
    latest = pd.concat([frame["at"] for frame in (data.contacts, data.signals, data.outcomes)]).max()
    if pd.isna(latest):
        raise ContractError("the data has no events", field="contacts", remedy="give contacts, signals or outcomes")
    return pd.Timestamp(latest)


def _named(data: EngagementData, happened: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    known = happened.loc[happened["contact_id"].notna()]
    rows = pd.Index(data.contacts["contact_id"]).get_indexer(pd.Index(known["contact_id"]))
    return rows, known["at"].to_numpy(dtype="datetime64[us]")


def _latest(data: EngagementData, happened: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    orphans = happened.loc[happened["contact_id"].isna(), ["customer_id", "at"]]
    contacts = data.contacts[["customer_id", "at"]].assign(row=np.arange(len(data.contacts)))
    # A stable sort, so that for equal times the last contact in the table is taken.
    left, right = (frame.sort_values("at", kind="stable") for frame in (orphans, contacts))
    joined = pd.merge_asof(left, right, on="at", by="customer_id").dropna(subset=["row"])
    return joined["row"].to_numpy(dtype=np.int64), joined["at"].to_numpy(dtype="datetime64[us]")


def _microseconds(days: pd.Series) -> np.ndarray:
    return np.rint(days.to_numpy() * 86_400e6).astype(np.int64).astype("timedelta64[us]")
