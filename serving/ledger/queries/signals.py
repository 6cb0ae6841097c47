"""Signals."""

from typing import Any

from sqlalchemy import bindparam, desc, func, insert, literal_column, select

from serving.ledger.queries.parts import LIMIT, OF_WHOM, SINCE, pick
from serving.ledger.tables.happenings import signals

# The latest ones, newest first, since a bound must drop the oldest; as one string, since fetching row by row costs more
# than all else that a decision reads.
_LATEST_SIGNALS = (
    select(signals.c.entry)
    .where(signals.c.customer_id == OF_WHOM, signals.c.at >= SINCE)
    .order_by(desc(signals.c.at), desc(signals.c.signal_id))
    .limit(LIMIT)
    .subquery()
)

# A literal, because a bound separator is only written into the text when SQLAlchemy itself runs the statement.
_COMMA: Any = literal_column("','")

SIGNALS = select(func.aggregate_strings(_LATEST_SIGNALS.c.entry, _COMMA))

SIGNAL_BY_ID = pick(signals, "customer_id type at channel certainty value entry").where(
    signals.c.signal_id == bindparam("id")
)

ADD_SIGNAL = insert(signals)
