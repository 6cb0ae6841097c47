"""Which contacts a model is learnt from and judged on. No customer is in two parts, or in two folds."""

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
    """What rows are for. The test part is sealed: only the evaluation looks at it."""

    FIT = "fit"
    TEST = "test"


# Upper ends of the parts on a scale from 0 to 1, in the order of time where time decides.
_ENDS: Mapping[Part, float] = {Part.FIT: 0.85, Part.TEST: 1.0}


@dataclass(frozen=True, eq=False)
class Split:
    """Positions of contacts in each part, each in the order of the table, and how they were chosen."""

    rows: Mapping[Part, Rows]
    by: str

    def __getitem__(self, part: Part) -> Rows:
        """Positions of the contacts of a part, in the order of the table."""
        return self.rows[part]


def split_by_customer(contacts: pd.DataFrame, seed: int) -> Split:
    """Parts of 85 and 15 % of the customers, by a hash of the customer's id.

    A customer stays in the same part, whatever else the data hold, as long as the seed stays.
    """
    return _split(contacts, lambda ids: _hashed(ids, seed), "customer")


def split_by_time(contacts: pd.DataFrame, seed: int) -> Split:
    """Parts of about 85 and 15 % of the customers, in the order of their last contact.

    The test part holds the customers who were contacted last, with all their contacts, early ones too: that a customer
    is in one part only comes first, so parts overlap in time. Equal times are ordered by a hash of the id.
    """
    last = contacts.groupby("customer_id")["at"].max()

    def placed(ids: pd.Index) -> NDArray[np.float64]:
        order = np.lexsort((_hashed(ids, seed), last.loc[ids].to_numpy()))
        places = np.empty(len(ids))
        places[order] = (np.arange(len(ids)) + 0.5) / len(ids)
        return places

    return _split(contacts, placed, "time")


SPLITS: Mapping[str, Callable[[pd.DataFrame, int], Split]] = {"customer": split_by_customer, "time": split_by_time}


def split(contacts: pd.DataFrame, by: str, seed: int) -> Split:
    """The split called `by`.

    Raises
    ------
    TrainingError
        If there is no such split, or a part would be empty.
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


def _split(contacts: pd.DataFrame, place: Callable[[pd.Index], NDArray[np.float64]], by: str) -> Split:
    codes, ids = pd.factorize(contacts["customer_id"])
    part = np.searchsorted(list(_ENDS.values()), place(pd.Index(ids)), side="right")
    mine = np.minimum(part, len(_ENDS) - 1)[codes]
    return Split({name: np.flatnonzero(mine == number) for number, name in enumerate(_ENDS)}, by)


def _hashed(ids: pd.Index, seed: int) -> NDArray[np.float64]:
    """A number in [0, 1) for each id, the same on every machine."""
    salt = seed.to_bytes(8, "little", signed=True)
    words = [hashlib.blake2b(str(one).encode(), digest_size=8, salt=salt).digest() for one in ids]
    return np.frombuffer(b"".join(words), dtype="<u8") / 2.0**64


def folds(customer: Rows, count: int, seed: int) -> Rows:
    """The fold of each row, shape (n,): folds of about equally many customers, none of whom is in two.

    Parameters
    ----------
    customer : array of int, shape (n,)
        Rows of the same number are of the same customer.
    """
    codes, owners = pd.factorize(customer)
    dealt = np.arange(len(owners)) % count
    return np.asarray(np.random.default_rng(seed).permutation(dealt)[codes], dtype=np.int64)
