"""From values of Python to columns of whole numbers, at little more than the cost of looking at each value."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from itertools import chain
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
    return codes, _firsts(codes, len(coding)).tolist()


def kinds(rows: Sequence[T], key: Callable[[T], Hashable], *flags: Sequence[bool]) -> tuple[Codes, list[T]]:
    """A code for rows that agree in key and flags, and one row of each code.

    Flags stand apart from the key because members of enumerations take long to look up.
    """
    codes = Coding().column(map(key, rows))
    for flag in flags:
        codes = 2 * codes + np.array(flag, dtype=np.int32)
    present = np.flatnonzero(np.bincount(codes))
    renumbered = np.zeros(int(present.max(initial=0)) + 1, dtype=np.int32)
    renumbered[present] = np.arange(len(present))
    codes = renumbered[codes]
    return codes, [rows[place] for place in _firsts(codes, len(present))]


def _firsts(codes: Codes, count: int) -> NDArray[np.int64]:
    """Where each code in [0, count) first comes."""
    first = np.zeros(count, dtype=np.int64)
    # Of several values written to one place the last one stays.
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first


def names(*columns: Sequence[str | None]) -> list[Codes]:
    """Codes of names that seldom come again, the same for the same name in all columns; 0 stands for none."""
    try:
        whole = pa.array(list(chain.from_iterable(columns)), type=pa.string())
    except UnicodeEncodeError:  # half a character, which no other program knows
        coding = Coding({None: 0})
        return [coding.column(column) for column in columns]
    codes = np.nan_to_num(whole.dictionary_encode().indices.to_numpy(zero_copy_only=False), nan=-1.0)
    ends = np.cumsum([len(column) for column in columns])[:-1]
    return np.split(codes.astype(np.int32) + 1, ends)


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
