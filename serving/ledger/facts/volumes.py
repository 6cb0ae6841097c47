"""How much is sent with each action, over all customers: counted as slots are taken and freed, read in stretches.

A slot counts in the quarter of an hour in which it was reserved, whenever its message is sent: what was promised to a
limit when the slot was taken is not taken from another later.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from heed.decisioning.customer import Volume
from heed.serving.ledger.backend.times import micros, moment
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.queries.volumes import RAISE_VOLUMES, VOLUMES
from heed.serving.ledger.tables.chains import SHARDS

QUARTER = 15 * 60 * 1_000_000
HOUR = 4 * QUARTER
DAY = 24 * HOUR
# Into so many pieces each stretch between two edges is told: what is left of a limit is exact, and when it is free
# again is told this well.
_PIECES = 6
_NO_END = 2**62


def raise_volume(
    transaction: Transaction, action_id: str, at: int, cost: float, by: int = 1, *, alone: bool = False
) -> None:
    """Count a slot taken at the stored moment `at`; `by` -1 for one that is free again.

    Others count the same action: it is done last, in the transaction's own shard, or in one of their own for those who
    are `alone` in counting (`heed.serving.ledger.backend.locks.VOLUMES`).
    """
    spans = enumerate((QUARTER, HOUR, DAY))
    places = {
        name: value for n, span in spans for name, value in ((f"span_{n}", span), (f"start_{n}", _down(at, span)))
    }
    shard = SHARDS if alone else transaction.shard or 0
    transaction.last(RAISE_VOLUMES, {**places, "action": action_id, "of_shard": shard, "by": by, "costs": by * cost})


def volumes(transaction: Transaction, now: datetime, windows: Sequence[timedelta]) -> tuple[Volume, ...]:
    """What was contacted with each action in stretches, none of which lies across the edge of a window.

    Each window reaches back from `now` to the beginning of the quarter of an hour in which it begins; what is dated
    after `now` counts. Without windows nothing is read.
    """
    edges = [*sorted({_down(micros(now - window), QUARTER) for window in windows}), _NO_END]
    present = micros(now)
    stretches = [one for start, end in pairwise(edges) for one in _stretches(start, end, present)]
    asked = [_asked(span, first, last, min(last, present)) for span, first, last in stretches]
    found = transaction.several([(VOLUMES, one) for one in asked])
    return tuple(one for values, rows in zip(asked, found, strict=True) for one in _told(values, rows))


def _stretches(start: int, end: int, present: int) -> Iterator[tuple[int, int, int]]:
    """From `start` to `end` in quarters up to the hour, hours up to the day, whole days that are over, and back."""
    hours = min(-_down(-start, HOUR), end)
    days = min(-_down(-hours, DAY), end)
    over = max(days, _down(min(end, present), DAY))
    rest = end if end == _NO_END else max(over, _down(end, HOUR))
    parts = ((QUARTER, start, hours), (HOUR, hours, days), (DAY, days, over), (HOUR, over, rest), (QUARTER, rest, end))
    return ((span, first, last) for span, first, last in parts if first < last)


def _asked(span: int, start: int, end: int, told: int) -> dict[str, int]:
    """What is asked of one span from `start` to `end`, in pieces of the part up to `told`."""
    width = max(1, -(-(told - start) // (_PIECES * span))) * span
    return {"length": span, "begin": start, "end": end, "width": width}


def _told(asked: Mapping[str, int], rows: Sequence[Row]) -> Iterator[Volume]:
    start, end, width = asked["begin"], asked["end"], asked["width"]
    for action_id, piece, contacts, spent in rows:
        since, until = start + piece * width, min(start + (piece + 1) * width, end)
        yield Volume(action_id, moment(since), moment(until), contacts, spent)


def _down(at: int, span: int) -> int:
    return at - at % span
