"""From values of Python to columns of whole numbers, at little more than the cost of looking at each value."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from decisioning.customer import EPOCH

Codes = NDArray[np.int32]
Moments = NDArray[np.int64]
Flags = NDArray[np.bool_]
T = TypeVar("T")


class Coding(dict[Hashable, int]):
    """A code for every key, counted from 0 in the order in which they are first asked for."""

    def __missing__(self, key: Hashable) -> int:
        """Give the key the next code."""
        self[key] = len(self)
        return self[key]

    def column(self, keys: Iterable[Hashable]) -> Codes:
        """Codes of keys."""
        return np.array(list(map(self.__getitem__, keys)), dtype=np.int32)


def coded(keys: Iterable[Hashable]) -> tuple[Codes, list[int]]:
    """A code for each key, and where each code first comes."""
    coding = Coding()
    codes = coding.column(keys)
    return codes, firsts(codes, len(coding))


def firsts(codes: Codes, count: int) -> list[int]:
    """Where each code in [0, count) first comes; a code that never comes is said to come at 0."""
    first = np.zeros(count, dtype=np.int64)
    # Of several values written to one place the last one stays.
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return [int(place) for place in first]


def kinds(rows: Sequence[T], key: Callable[[T], Hashable], *flags: Sequence[bool]) -> tuple[Codes, list[T]]:
    """A code for rows that agree in key and flags, and one row of each code.

    Flags stand apart from the key because members of enumerations take long to look up.
    """
    codes = Coding().column(map(key, rows))
    for flag in flags:
        codes = 2 * codes + np.array(flag, dtype=np.int32)
    present, places, code = np.unique(codes, return_index=True, return_inverse=True)
    del present
    return code.astype(np.int32), [rows[place] for place in places]


def owners(histories: Iterable[Sequence[object]]) -> Codes:
    """For every entry of some histories the place of the history that it stands in."""
    lengths = [len(one) for one in histories]
    return np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)


def moments(times: Iterable[datetime]) -> Moments:
    """Microseconds since 1970 of aware times, exactly.

    Raises
    ------
    TypeError
        If one has no offset.
    """
    since = pa.array([one - EPOCH for one in times], type=pa.duration("us"))
    column: Moments = since.to_numpy(zero_copy_only=False).astype(np.int64)
    return column
