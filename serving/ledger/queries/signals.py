"""Signals, sealed as they are kept."""

from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, bindparam, cast, desc, func, insert, literal_column, select, update

from heed.serving.ledger.queries.parts import LIMIT, OF_WHOM, SINCE, pick
from heed.serving.ledger.tables.happenings import last_signals, signals

# The latest ones, newest first, since a bound must drop the oldest; as one string of bytes, since fetching row by row
# costs more than all else that a decision reads.
_LATEST_SIGNALS = (
    select(signals.c.entry)
    .where(signals.c.customer_id == OF_WHOM, signals.c.at >= SINCE)
    .order_by(desc(signals.c.at), desc(signals.c.signal_id))
    .limit(LIMIT)
    .subquery()
)

# A literal, because a bound separator is only written into the text when SQLAlchemy itself runs the statement.
_NOTHING: Any = literal_column("''")


def _joined(entry: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.aggregate_strings(entry, _NOTHING), LargeBinary)


# A case that a signal opened stays open until another closes it, so the last of each type is never forgotten.
_LAST = (
    select(signals.c.entry)
    .select_from(last_signals.join(signals, signals.c.signal_id == last_signals.c.signal_id))
    .where(last_signals.c.customer_id == OF_WHOM, last_signals.c.at < SINCE)
    .subquery()
)

LAST_SIGNALS = select(_joined(_LAST.c.entry))

SIGNALS = select(
    select(_joined(_LATEST_SIGNALS.c.entry)).scalar_subquery(), select(_joined(_LAST.c.entry)).scalar_subquery()
)

SIGNAL_BY_ID = pick(signals, "customer_id entry").where(signals.c.signal_id == bindparam("id"))

ADD_SIGNAL = insert(signals)

LAST_OF_TYPE = select(last_signals.c.at).where(
    last_signals.c.customer_id == OF_WHOM, last_signals.c.type == bindparam("of_type")
)

ADD_LAST_SIGNAL = insert(last_signals)

MOVE_LAST_SIGNAL = (
    update(last_signals)
    .where(last_signals.c.customer_id == OF_WHOM, last_signals.c.type == bindparam("of_type"))
    .values(at=bindparam("to"), signal_id=bindparam("signal"))
)
