"""How much is sent with each action, over all customers: counted as slots are taken and freed, read in stretches.

A slot counts in the quarter of an hour in which it was reserved, whenever its message is sent: what a limit allowed
when the slot was taken is not taken from another later.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import BigInteger, BindParameter, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import insert

from heed.decisioning.customer import Volume
from heed.serving.ledger.backend.repository import reads_now
from heed.serving.ledger.backend.times import from_micros, to_micros
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.schema import SHARDS, volumes

_QUARTER = 15 * 60 * 1_000_000
_HOUR = 4 * _QUARTER
_DAY = 24 * _HOUR

Windows = tuple[timedelta, ...]

# All stretches in which a slot counts, at once. The form is PostgreSQL's; SQLite reads it too.
_ADDED = insert(volumes).values(
    [
        {
            "span": bindparam(f"span_{n}"),
            "start": bindparam(f"start_{n}"),
            "action_id": bindparam("action"),
            "shard": bindparam("of_shard"),
            "contacts": bindparam("by"),
            "spent": bindparam("costs"),
        }
        for n in range(3)
    ]
)
_RAISE = _ADDED.on_conflict_do_update(
    index_elements=[volumes.c.span, volumes.c.start, volumes.c.action_id, volumes.c.shard],
    set_={
        "contacts": volumes.c.contacts + _ADDED.excluded.contacts,
        "spent": volumes.c.spent + _ADDED.excluded.spent,
    },
)


def raise_volume(
    transaction: Transaction, action_id: str, at: int, cost: float, by: int = 1, *, alone: bool = False
) -> None:
    """Count a slot taken at the stored moment `at`; `by` -1 for one that is free again.

    Others count the same action: it is done last, in the transaction's own shard, or in one of their own for those who
    are `alone` in counting (`backend.database.VOLUMES`).
    """
    spans = enumerate((_QUARTER, _HOUR, _DAY))
    places = {
        name: value for n, span in spans for name, value in ((f"span_{n}", span), (f"start_{n}", _round_down(at, span)))
    }
    shard = SHARDS if alone else transaction.shard or 0
    transaction.defer_last(_RAISE, {**places, "action": action_id, "of_shard": shard, "by": by, "costs": by * cost})


_NO_END = 2**62
_BEGIN: BindParameter[int] = bindparam("begin", type_=BigInteger)
_PIECE = ((volumes.c.start - _BEGIN) // bindparam("width", type_=BigInteger)).label("piece")
_VOLUMES = (
    select(volumes.c.action_id, _PIECE, cast(func.sum(volumes.c.contacts), BigInteger), func.sum(volumes.c.spent))
    .where(volumes.c.span == bindparam("length"), volumes.c.start >= _BEGIN, volumes.c.start < bindparam("end"))
    .group_by(volumes.c.action_id, _PIECE)
    .having(func.sum(volumes.c.contacts) > 0)
    .order_by(volumes.c.action_id, _PIECE)
)


@reads_now()
def read_volumes(transaction: Transaction, now: datetime, windows: Windows) -> tuple[Volume, ...]:
    """What was contacted with each action in stretches, none of which lies across the edge of a window.

    Each window reaches back from `now` to the beginning of the quarter of an hour in which it begins; what is dated
    after `now` counts. Without windows nothing is read.
    """
    edges = [*sorted({_round_down(to_micros(now - window), _QUARTER) for window in windows}), _NO_END]
    present = to_micros(now)
    stretches = [stretch for start, end in pairwise(edges) for stretch in _stretches(start, end, present)]
    queries = [_query_values(span, first, last, min(last, present)) for span, first, last in stretches]
    found = transaction.batch([(_VOLUMES, values) for values in queries])
    return tuple(volume for values, rows in zip(queries, found, strict=True) for volume in _volumes_from(values, rows))


def _stretches(start: int, end: int, present: int) -> Iterator[tuple[int, int, int]]:
    """From `start` to `end` in quarters up to the hour, hours up to the day, whole days that are over, and back."""
    hours = min(-_round_down(-start, _HOUR), end)
    days = min(-_round_down(-hours, _DAY), end)
    over = max(days, _round_down(min(end, present), _DAY))
    rest = end if end == _NO_END else max(over, _round_down(end, _HOUR))
    parts = (
        (_QUARTER, start, hours),
        (_HOUR, hours, days),
        (_DAY, days, over),
        (_HOUR, over, rest),
        (_QUARTER, rest, end),
    )
    return ((span, first, last) for span, first, last in parts if first < last)


# Each stretch between two edges is read in so many pieces: what is left of a limit is exact, and the time when it is
# free again is this precise.
_PIECES_PER_STRETCH = 6


def _query_values(span: int, start: int, end: int, precise_until: int) -> dict[str, int]:
    """The values for one span from `start` to `end`, in pieces of the part up to `precise_until`."""
    width = max(1, -(-(precise_until - start) // (_PIECES_PER_STRETCH * span))) * span
    return {"length": span, "begin": start, "end": end, "width": width}


def _volumes_from(values: Mapping[str, int], rows: Sequence[Row]) -> Iterator[Volume]:
    start, end, width = values["begin"], values["end"], values["width"]
    for action_id, piece, contacts, spent in rows:
        since, until = start + piece * width, min(start + (piece + 1) * width, end)
        yield Volume(action_id, from_micros(since), from_micros(until), contacts, spent)


def _round_down(at: int, span: int) -> int:
    return at - at % span


def volumes_for(transaction: Transaction, now: datetime, windows: Windows | None) -> tuple[Volume, ...] | None:
    """Volumes at this moment for the rules that ask for them; None where none does."""
    return None if windows is None else read_volumes(transaction, now, windows)
