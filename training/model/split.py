"""Train and test split, and cross-validation folds, by customer: no customer is in two parts or two folds."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heed.training.errors import TrainingError

Rows = NDArray[np.int64]


class Part(StrEnum):
    """Parts of the split. Only the evaluation reads the test set."""

    FIT = "fit"
    TEST = "test"


# Upper ends of the parts on a scale from 0 to 1, in order of time for the split by time.
_ENDS: Mapping[Part, float] = {Part.FIT: 0.85, Part.TEST: 1.0}


@dataclass(frozen=True, eq=False)
class Split:
    """Row indices of contacts in each part, in the order of the table, and the kind of split."""

    rows: Mapping[Part, Rows]
    by: str

    def __getitem__(self, part: Part) -> Rows:
        """Row indices of the contacts in a part, in the order of the table."""
        return self.rows[part]


def split_by_customer(contacts: pd.DataFrame, seed: int) -> Split:
    """Split customers 85 to 15 % by a hash of their id.

    With the same seed a customer stays in the same part, whatever else the data contain.
    """
    return _split(contacts, lambda ids: _hashed(ids, seed), "customer")


def split_by_time(contacts: pd.DataFrame, seed: int) -> Split:
    """Split customers about 85 to 15 % by the time of their last contact.

    The test set holds the customers contacted last, with all their contacts. Since no customer may be in two parts, the
    parts overlap in time. Ties are broken by a hash of the id.
    """
    last = contacts.groupby("customer_id")["at"].max()

    def by_last_contact(ids: pd.Index) -> NDArray[np.float64]:
        order = np.lexsort((_hashed(ids, seed), last.loc[ids].to_numpy()))
        quantiles = np.empty(len(ids))
        quantiles[order] = (np.arange(len(ids)) + 0.5) / len(ids)
        return quantiles

    return _split(contacts, by_last_contact, "time")


SPLITS: Mapping[str, Callable[[pd.DataFrame, int], Split]] = {"customer": split_by_customer, "time": split_by_time}


def split(contacts: pd.DataFrame, by: str, seed: int) -> Split:
    """Split contacts with the method named `by`.

    Raises
    ------
    TrainingError
        If there is no such method, or a part would be empty.
    """
    if by not in SPLITS:
        raise TrainingError("unknown split", field="split", value=by, remedy=f"use one of {', '.join(SPLITS)}")
    parts = SPLITS[by](contacts, seed)
    empty = next((part for part in Part if len(parts[part]) == 0), None)
    if empty is not None:
        customers = contacts["customer_id"].nunique()
        remedy = f"give data of more than {customers} customers"
        raise TrainingError("no contacts fall into a part", field="split", value=empty.value, remedy=remedy)
    return parts


def _split(contacts: pd.DataFrame, quantiles_of: Callable[[pd.Index], NDArray[np.float64]], by: str) -> Split:
    codes, ids = pd.factorize(contacts["customer_id"])
    number = np.searchsorted(list(_ENDS.values()), quantiles_of(pd.Index(ids)), side="right")
    part_of_row = np.minimum(number, len(_ENDS) - 1)[codes]
    return Split({name: np.flatnonzero(part_of_row == number) for number, name in enumerate(_ENDS)}, by)


def _hashed(ids: pd.Index, seed: int) -> NDArray[np.float64]:
    """A number in [0, 1) for each id, the same on every machine."""
    salt = seed.to_bytes(8, "little", signed=True)
    hashes = [hashlib.blake2b(str(customer_id).encode(), digest_size=8, salt=salt).digest() for customer_id in ids]
    return np.frombuffer(b"".join(hashes), dtype="<u8") / 2.0**64


def folds(customer: Rows, count: int, seed: int) -> Rows:
    """Assign rows to folds of about equally many customers, shape (n,); no customer is in two folds.

    Parameters
    ----------
    customer : array of int, shape (n,)
        Customer index of each row.
    """
    codes, owners = pd.factorize(customer)
    dealt = np.arange(len(owners)) % count
    return np.asarray(np.random.default_rng(seed).permutation(dealt)[codes], dtype=np.int64)
