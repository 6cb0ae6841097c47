"""How much is sent with each action, over all customers: counted as slots are taken and freed, read in stretches.

A slot counts in the quarter of an hour in which it was reserved, whenever its message is sent: what was promised to a
limit when the slot was taken is not taken from another later.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from decisioning.customer import Volume
from serving.ledger.queries.volumes import RAISE_VOLUMES, VOLUMES
from serving.ledger.times import micros, moment
from serving.ledger.transaction import Transaction

QUARTER = 15 * 60 * 1_000_000
HOUR = 4 * QUARTER
DAY = 24 * HOUR
# Into so many pieces each stretch between two edges is told: what is left of a limit is exact, and when it is free
# again is told this well.
_PIECES = 6
_NO_END = 2**62


def raise_volume(transaction: Transaction, action_id: str, at: int, cost: float, by: int = 1) -> None:
    """Count a slot taken at the stored moment `at`; `by` -1 for one that is free again."""
    spans = enumerate((QUARTER, HOUR, DAY))
    places = {
        name: value for n, span in spans for name, value in ((f"span_{n}", span), (f"start_{n}", _down(at, span)))
    }
    transaction.run(RAISE_VOLUMES, {**places, "action": action_id, "by": by, "costs": by * cost})


def volumes(transaction: Transaction, now: datetime, windows: Sequence[timedelta]) -> tuple[Volume, ...]:
    """What was contacted with each action in stretches, none of which lies across the edge of a window.

    Each window reaches back from `now` to the beginning of the quarter of an hour in which it begins; what is dated
    after `now` counts. Without windows nothing is read.
    """
    edges = [*sorted({_down(micros(now - window), QUARTER) for window in windows}), _NO_END]
    present = micros(now)
    return tuple(
        one
        for start, end in pairwise(edges)
        for span, first, last in _stretches(start, end, present)
        for one in _read(transaction, span, first, last, min(last, present))
    )


def _stretches(start: int, end: int, present: int) -> Iterator[tuple[int, int, int]]:
    """From `start` to `end` in quarters up to the hour, hours up to the day, whole days that are over, and back."""
    hours = min(-_down(-start, HOUR), end)
    days = min(-_down(-hours, DAY), end)
    over = max(days, _down(min(end, present), DAY))
    rest = end if end == _NO_END else max(over, _down(end, HOUR))
    parts = ((QUARTER, start, hours), (HOUR, hours, days), (DAY, days, over), (HOUR, over, rest), (QUARTER, rest, end))
    return ((span, first, last) for span, first, last in parts if first < last)


def _read(transaction: Transaction, span: int, start: int, end: int, told: int) -> list[Volume]:
    """Volumes of one span from `start` to `end`, in pieces of the part up to `told`."""
    width = max(1, -(-(told - start) // (_PIECES * span))) * span
    rows = transaction.rows(VOLUMES, {"length": span, "begin": start, "end": end, "width": width})
    return [
        Volume(action_id, moment(start + piece * width), moment(min(start + (piece + 1) * width, end)), contacts, spent)
        for action_id, piece, contacts, spent in rows
    ]


def _down(at: int, span: int) -> int:
    return at - at % span
