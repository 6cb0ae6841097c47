"""Who trains and who tests."""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TRAINING_SHARE = 0.75


def in_training(groups: pd.Series, seed: int, share: float = TRAINING_SHARE) -> NDArray[np.bool_]:
    """Whether each row is for training: all rows of a group or none, by a hash of its name and the seed; shape (n,)."""
    codes, names = pd.factorize(groups)
    place = np.array([_place(str(name), seed) for name in names])
    return np.asarray((place < share)[codes])


def group_codes(groups: pd.Series) -> NDArray[np.int64]:
    """A number for each row that is the same for the same group in every seed, shape (n,)."""
    codes, names = pd.factorize(groups)
    return np.array([_digest(str(name)) >> 2 for name in names], dtype=np.int64)[codes]


def _place(name: str, seed: int) -> float:
    return _digest(f"{seed}/{name}") / 2.0**64


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
