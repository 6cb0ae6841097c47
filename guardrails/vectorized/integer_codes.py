"""Encode Python values as integer columns in one cheap pass."""

from collections.abc import Callable, Hashable, Iterable, Sequence, Sized
from datetime import datetime
from itertools import repeat
from operator import attrgetter, is_, sub
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from heed.decisioning.customer import EPOCH

Codes = NDArray[np.int32]
Places = NDArray[np.int64]
Moments = NDArray[np.int64]
Flags = NDArray[np.bool_]
T = TypeVar("T")


class CodeTable(dict[Hashable, int]):
    """A code for every key, from 0 in order of first use."""

    def __missing__(self, key: Hashable) -> int:
        """Give the key the next code."""
        self[key] = len(self)
        return self[key]

    def column(self, keys: Iterable[Hashable]) -> Codes:
        """Codes of keys."""
        return np.fromiter(map(self.__getitem__, keys), dtype=np.int32)


def encode(keys: Iterable[Hashable]) -> tuple[Codes, list[int]]:
    """A code for each key, and the index where each code first occurs."""
    coding = CodeTable()
    codes = coding.column(keys)
    return codes, _firsts(codes, len(coding)).tolist()


def encode_kinds(rows: Sequence[T], key: Callable[[T], Hashable], *flags: Flags) -> tuple[Codes, list[T]]:
    """A code for rows that agree in key and flags, and one row of each code.

    Flags are separate from the key because hashing members of enumerations is slow.
    """
    codes = CodeTable().column(map(key, rows))
    for flag in flags:
        codes = 2 * codes + flag
    present = np.flatnonzero(np.bincount(codes))
    renumbered = np.zeros(int(present.max(initial=0)) + 1, dtype=np.int32)
    renumbered[present] = np.arange(len(present))
    codes = renumbered[codes]
    return codes, [rows[place] for place in _firsts(codes, len(present))]


def _firsts(codes: Codes, count: int) -> NDArray[np.int64]:
    """Index where each code in [0, count) first occurs."""
    first = np.zeros(count, dtype=np.int64)
    # Of several values written to one index the last one stays.
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first


def attribute_is(rows: Iterable[object], name: str, value: object) -> Flags:
    """Whether the attribute of this name is this very object, row by row."""
    return np.fromiter(map(is_, map(attrgetter(name), rows), repeat(value)), dtype=np.bool_)


def offsets(histories: Iterable[Sized]) -> Places:
    """Start of each history in their concatenation, and the end of the last one."""
    lengths = np.fromiter(map(len, histories), dtype=np.int64)
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])


def to_microseconds(times: Iterable[datetime]) -> Moments:
    """Microseconds since 1970 of aware times, exactly.

    Raises
    ------
    TypeError
        If a time has no offset.
    """
    since = pa.array(list(map(sub, times, repeat(EPOCH))), type=pa.duration("us"))
    column: Moments = since.to_numpy(zero_copy_only=False).astype(np.int64)
    return column
