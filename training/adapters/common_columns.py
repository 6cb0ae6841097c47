"""Column helpers shared by adapters."""

import numpy as np
import pandas as pd

from heed.training.contract.table_schemas import TIME


def sequential_ids(prefix: str, count: int) -> pd.Series:
    """Ids ``prefix-000001`` and so on, in order."""
    return prefix + "-" + pd.Series(np.arange(1, count + 1)).astype("str").str.zfill(6)


def to_boolean(column: pd.Series) -> pd.Series:
    """0 and 1 as booleans, anything else as missing."""
    return column.map({0: False, 1: True}).astype("boolean")


def constant_time(moment: pd.Timestamp, count: int) -> pd.Series:
    """The same time for every row."""
    return pd.Series(moment, index=pd.RangeIndex(count), dtype=TIME)


def outcomes_after(
    contacts: pd.DataFrame, kind: str, *, after: pd.Timedelta, value: pd.Series | None = None
) -> pd.DataFrame:
    """One outcome of type `kind` for each of these contacts, `after` later.

    Parameters
    ----------
    contacts : pandas.DataFrame
        The contacts with the outcome.
    value : pandas.Series, optional
        Value of each outcome, on an index that contains that of `contacts`.
    """
    return pd.DataFrame(
        {
            "outcome_id": contacts["contact_id"] + "-" + kind,
            "customer_id": contacts["customer_id"],
            "contact_id": contacts["contact_id"],
            "type": kind,
            "at": contacts["at"] + after,
            "value": np.nan if value is None else value.loc[contacts.index],
        }
    )
