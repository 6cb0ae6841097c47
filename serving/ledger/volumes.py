"""How much is sent with each action, over all customers: counted as slots are taken and freed, read in stretches.

A slot counts in the quarter of an hour in which it was reserved, whenever its message is sent: what was promised to a
limit when the slot was taken is not taken from another later.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from decisioning.customer import Volume
from serving.ledger import queries
from serving.ledger.times import micros, moment
from serving.ledger.transaction import Transaction

# Calendar days of every time zone begin at a quarter of an hour of UTC.
QUARTER = 15 * 60 * 1_000_000
# Stretches between the edges of two windows: what is left of a limit is exact, when it is free again is told this well.
_PIECES = 12
_NO_END = 2**62


def raise_volume(transaction: Transaction, action_id: str, at: int, cost: float, by: int = 1) -> None:
    """Count a slot taken at the stored moment `at`; `by` -1 for one that is free again."""
    place = {"action": action_id, "when": at - at % QUARTER}
    if not transaction.run(queries.RAISE_VOLUME, {**place, "by": by, "costs": by * cost}):
        values = {"action_id": action_id, "quarter": place["when"], "contacts": by, "spent": by * cost}
        transaction.run(queries.ADD_VOLUME, values)


def volumes(transaction: Transaction, now: datetime, windows: Sequence[timedelta]) -> tuple[Volume, ...]:
    """What was contacted with each action in stretches, none of which lies across the edge of a window.

    Each window reaches back from `now` to the beginning of the quarter of an hour in which it begins; what is dated
    after `now` counts. Without windows nothing is read.
    """
    edges = [*sorted({_edge(now, window) for window in windows}), _NO_END]
    present = micros(now)
    return tuple(
        one
        for start, end in pairwise(edges)
        for one in _between(transaction, start, end, _width(min(end, present) - start))
    )


def _edge(now: datetime, window: timedelta) -> int:
    start = micros(now - window)
    return start - start % QUARTER


def _width(length: int) -> int:
    return max(1, -(-length // (_PIECES * QUARTER))) * QUARTER


def _between(transaction: Transaction, start: int, end: int, width: int) -> list[Volume]:
    rows = transaction.rows(queries.VOLUMES, {"start": start, "end": end, "width": width})
    return [
        Volume(
            action_id,
            moment(start + piece * width),
            moment(min(start + (piece + 1) * width, end)),
            contacts,
            spent,
        )
        for action_id, piece, contacts, spent in rows
    ]
