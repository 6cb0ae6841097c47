"""The compiled kernel of window features: counts, recencies and rates over events before a decision.

Training calls it with many decisions of one candidate each, serving with one decision of many candidates. Both run the
same machine code and add the same numbers in the same order, so results are bit-equal.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heed.decisioning.score import Floats

Ints = NDArray[np.int64]
Kernel = TypeVar("Kernel", bound=Callable[..., Any])

DAY = 86_400_000_000
NONE = -1
COUNT, RECENCY, RATE = range(3)
FIXED, OWN_CHANNEL, OWN_ACTION = range(3)
# Recency ignores signals that are more likely not the customer's.
MIN_CERTAINTY = 0.5


def _compiled(function: Kernel) -> Kernel:
    return cast(Kernel, njit(nogil=True, cache=True)(function))


@_compiled
def fill_windows(
    who: Ints,
    asof: Ints,
    rows: Ints,
    own: Ints,
    time: Ints,
    buckets: Ints,
    weight: Floats,
    starts: Ints,
    program: Ints,
    terms: Floats,
    limits: Ints,
    size: int,
    out: Floats,
    first: int,
) -> None:
    """Fill the window and cross columns of n decisions.

    Parameters
    ----------
    who : array of int, shape (n,)
        Customer index of each decision.
    asof : array of int, shape (n,)
        Times of the decisions, microseconds since the epoch.
    rows : array of int, shape (n + 1,)
        Decision i has candidates (rows of `own` and `out`) ``rows[i]`` to ``rows[i + 1]``.
    own : array of int, shape (rows, 2)
        Codes of the candidate's channel and action, -1 for none.
    time, buckets, weight : arrays, shapes (e,), (e, 3), (e,)
        Events: time, buckets in which it is counted (-1 for none), certainty.
    starts : array of int, shape (2 c + 1,)
        Boundaries of the histories of c customers: all signals, then all contacts.
    program, terms : arrays, shapes (p, 5), (p, 2)
        One row per column: operation, scope, bucket, bucket of contacts, window; prior events, prior contacts.
    limits : array of int, shape (w,)
        Lengths of the windows in microseconds, shortest first.
    size : int
        Number of buckets.
    out : array of float, shape (rows, columns)
        Output, written from column `first` on.
    """
    counts = np.zeros((size, len(limits)))
    ages = np.empty(size, dtype=np.int64)
    customers = (len(starts) - 1) // 2
    for i in range(len(asof)):
        counts[:] = 0.0
        ages[:] = NONE
        for history in (who[i], who[i] + customers):
            _walk(starts[history], starts[history + 1], asof[i], time, buckets, weight, limits, counts, ages)
        _write(rows[i], rows[i + 1], own, counts, ages, program, terms, limits, out, first)


@_compiled
def _walk(
    low: int,
    high: int,
    asof: int,
    time: Ints,
    buckets: Ints,
    weight: Floats,
    limits: Ints,
    counts: Floats,
    ages: Ints,
) -> None:
    """Walk back in time from the last event before `asof` to the start of the longest window."""
    for event in range(_before(low, high, asof, time) - 1, low - 1, -1):
        age = asof - time[event]
        if age > limits[-1]:
            break
        window = 0
        while age > limits[window]:
            window += 1
        for index in range(buckets.shape[1]):
            bucket = buckets[event, index]
            if bucket == NONE:
                continue
            for longer in range(window, len(limits)):
                counts[bucket, longer] += weight[event]
            if ages[bucket] == NONE and weight[event] >= MIN_CERTAINTY:
                ages[bucket] = age


@_compiled
def _before(low: int, high: int, asof: int, time: Ints) -> int:
    """First event of the range at or after `asof`, by bisection."""
    while low < high:
        middle = (low + high) // 2
        if time[middle] < asof:
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def _write(
    start: int,
    stop: int,
    own: Ints,
    counts: Floats,
    ages: Ints,
    program: Ints,
    terms: Floats,
    limits: Ints,
    out: Floats,
    first: int,
) -> None:
    """Run the program for each candidate; NaN where the channel or action is unknown, or nothing happened."""
    for p in range(len(program)):
        op, scope, window = program[p, 0], program[p, 1], program[p, 4]
        for row in range(start, stop):
            shift = 0 if scope == FIXED else own[row, scope - OWN_CHANNEL]
            bucket, contacts = program[p, 2] + shift, program[p, 3] + shift
            value = np.nan
            if shift == NONE:
                pass
            elif op == COUNT:
                value = counts[bucket, window]
            elif op == RATE:
                value = (counts[bucket, window] + terms[p, 0]) / (counts[contacts, window] + terms[p, 1])
            elif 0 <= ages[bucket] <= limits[window]:
                value = ages[bucket] / DAY
            out[row, first + p] = value
