"""One row for each contact or hold, with all that the model says of it and what came of it.

Whoever has this table can reckon every figure again.
"""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD
from heed.decisioning.errors import InvalidInput
from heed.decisioning.score import Floats
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.table_files import to_arrow
from heed.training.evaluation.metrics.estimate import Ints
from heed.training.evaluation.policy_choices import HOLD_INDEX, PolicyChoices

SUFFIXES = (".parquet", ".csv")


def predictions(
    data: EngagementData,
    rows: Ints,
    done: Ints,
    stated: tuple[Floats, Floats, Floats],
    choices: PolicyChoices,
    happened: Mapping[str, NDArray[np.bool_]],
    mature: NDArray[np.bool_],
    part: NDArray[np.str_],
) -> pd.DataFrame:
    """The table without choices.

    ``contact_id, customer_id, action_id, at`` say what was done; ``propensity, low, high`` what the model says of it;
    ``uplift, uplift_low, uplift_high, harm`` the same for contacts, empty for holds and where the model cannot tell;
    what happened, ``outcome`` and where it is recorded ``harmed``, is 1 or 0, empty where the window is not over;
    ``logged_propensity, policy`` are as recorded; ``part`` is the part of the model's own training data, or ``unseen``.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    done : array of int, shape (n,)
        Place of what was done among the actions of `choices`, -1 for hold.
    stated : tuple of arrays of float, shape (n,)
        Propensity, low and high.
    happened : mapping of str to array of bool, shape (n,)
        By the name of the column.
    """
    contacts = data.contacts.iloc[rows].reset_index(drop=True)
    frame = contacts[["contact_id", "customer_id", "action_id", "at"]].copy()
    for name, values in zip(("propensity", "low", "high"), stated, strict=True):
        frame[name] = values
    for name in ("uplift", "uplift_low", "uplift_high", "harm"):
        frame[name] = _of_done(getattr(choices, name), done)
    for name, flags in happened.items():
        frame[name] = pd.Series(flags.astype(np.int8), dtype="Int8").where(mature)
    frame["logged_propensity"] = contacts["propensity"]
    frame["policy"] = contacts["policy"]
    frame["part"] = pd.array(part, dtype="str")
    return frame


def add_choices(frame: pd.DataFrame, choices: PolicyChoices, asked: NDArray[np.bool_]) -> pd.DataFrame:
    """The table with what heed would choose, guardrails aside, in the rows where it was asked.

    Adds ``chosen_action``, which may be ``hold``, ``chosen_net_value``, 0 for hold, and ``confidence``.
    """
    names = pd.Series([*(action.action_id for action in choices.actions), HOLD], dtype="str").take(choices.chosen)
    worth = np.where(choices.chosen == HOLD_INDEX, 0.0, _of_done(choices.net_value, choices.chosen))
    return frame.assign(
        chosen_action=names.reset_index(drop=True).where(asked),
        chosen_net_value=np.where(asked, worth, np.nan),
        confidence=np.where(asked, choices.confidence, np.nan),
    )


def write_predictions(frame: pd.DataFrame, path: Path) -> None:
    """Write the table as Parquet or CSV, by the file's suffix; times are UTC.

    Raises
    ------
    InvalidInput
        If the suffix is neither.
    """
    check_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_predictions(frame, path.suffix))


def check_suffix(path: Path) -> None:
    """Raise InvalidInput if a file's name ends neither in ``.parquet`` nor in ``.csv``."""
    if path.suffix not in SUFFIXES:
        remedy = f"end it in {' or '.join(SUFFIXES)}"
        raise InvalidInput("predictions are written as Parquet or CSV", field="predictions", value=path, remedy=remedy)


def encode_predictions(frame: pd.DataFrame, suffix: str) -> bytes:
    """The file's content. Numbers keep every digit."""
    if suffix == ".csv":
        text = frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")).to_csv(index=False)
        return text.encode()
    out = io.BytesIO()
    content: pa.Table = to_arrow(frame)
    pq.write_table(content, out, compression="zstd")
    return out.getvalue()


def _of_done(values: Floats | None, done: Ints) -> Floats:
    """The value of what was done, NaN for hold and where nothing is said."""
    if values is None:
        return np.full(len(done), np.nan)
    return np.where(done == HOLD_INDEX, np.nan, values[np.arange(len(done)), done])
