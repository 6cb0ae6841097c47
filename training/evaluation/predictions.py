"""The prediction table: one row per contact or hold, enough to recompute every figure."""

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


def prediction_table(
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

    ``contact_id, customer_id, action_id, at`` identify the contact; ``propensity, low, high`` are the prediction for
    the action taken; ``uplift, uplift_low, uplift_high, harm`` likewise, empty for holds and where the model has
    none; ``outcome`` and, where recorded, ``harmed`` are 1 or 0, empty where the window is not over;
    ``logged_propensity, policy`` are as recorded; ``part`` is the part of the model's training data, or ``unseen``.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    done : array of int, shape (n,)
        Index of the action taken among the actions of `choices`, -1 for hold.
    stated : tuple of arrays of float, shape (n,)
        Propensity, low and high.
    happened : mapping of str to array of bool, shape (n,)
        Labels by column name.
    """
    contacts = data.contacts.iloc[rows].reset_index(drop=True)
    frame = contacts[["contact_id", "customer_id", "action_id", "at"]].copy()
    for name, values in zip(("propensity", "low", "high"), stated, strict=True):
        frame[name] = values
    for name in ("uplift", "uplift_low", "uplift_high", "harm"):
        frame[name] = _at_index(getattr(choices, name), done)
    for name, flags in happened.items():
        frame[name] = pd.Series(flags.astype(np.int8), dtype="Int8").where(mature)
    frame["logged_propensity"] = contacts["propensity"]
    frame["policy"] = contacts["policy"]
    frame["part"] = pd.array(part, dtype="str")
    return frame


def add_choices(frame: pd.DataFrame, choices: PolicyChoices, with_choice: NDArray[np.bool_]) -> pd.DataFrame:
    """The table with heed's choice before any guardrail, in the rows that have one.

    Adds ``chosen_action``, which may be ``hold``, ``chosen_net_value``, 0 for hold, and ``confidence``.
    """
    names = pd.Series([*(action.action_id for action in choices.actions), HOLD], dtype="str").take(choices.chosen)
    worth = np.where(choices.chosen == HOLD_INDEX, 0.0, _at_index(choices.net_value, choices.chosen))
    return frame.assign(
        chosen_action=names.reset_index(drop=True).where(with_choice),
        chosen_net_value=np.where(with_choice, worth, np.nan),
        confidence=np.where(with_choice, choices.confidence, np.nan),
    )


def write_predictions(frame: pd.DataFrame, path: Path) -> None:
    """Write the table as Parquet or CSV, by file suffix; times are UTC.

    Raises
    ------
    InvalidInput
        If the suffix is neither.
    """
    check_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_predictions(frame, path.suffix))


def check_suffix(path: Path) -> None:
    """Raise InvalidInput if a file name ends neither in ``.parquet`` nor in ``.csv``."""
    if path.suffix not in SUFFIXES:
        remedy = f"end it in {' or '.join(SUFFIXES)}"
        raise InvalidInput("predictions are written as Parquet or CSV", field="predictions", value=path, remedy=remedy)


def encode_predictions(frame: pd.DataFrame, suffix: str) -> bytes:
    """The content of the file, numbers in full precision."""
    if suffix == ".csv":
        text = frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")).to_csv(index=False)
        return text.encode()
    out = io.BytesIO()
    content: pa.Table = to_arrow(frame)
    pq.write_table(content, out, compression="zstd")
    return out.getvalue()


def _at_index(values: Floats | None, index: Ints) -> Floats:
    """The value of the action at each index, NaN for hold and where there are no values."""
    if values is None:
        return np.full(len(index), np.nan)
    return np.where(index == HOLD_INDEX, np.nan, values[np.arange(len(index)), index])
