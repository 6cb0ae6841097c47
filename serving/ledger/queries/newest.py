"""When the newest record was made: what the clock must not be behind."""

from sqlalchemy import bindparam, func, select

from heed.serving.ledger.tables.decided import decisions, review_events
from heed.serving.ledger.tables.happenings import contacts
from heed.serving.ledger.tables.sending import stops

_MADE = (decisions.c.at, contacts.c.received_at, review_events.c.at, stops.c.at)

NEWEST = tuple(select(func.max(column)).where(column <= bindparam("until")) for column in _MADE)
