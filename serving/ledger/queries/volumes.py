"""Volumes: what all customers were contacted with, per action and stretch of time."""

from sqlalchemy import BigInteger, BindParameter, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import insert

from serving.ledger.tables.happenings import volumes

# All stretches in which a slot counts, at once and in one order. The form is PostgreSQL's; SQLite reads it too.
_ADDED = insert(volumes).values(
    [
        {
            "span": bindparam(f"span_{n}"),
            "start": bindparam(f"start_{n}"),
            "action_id": bindparam("action"),
            "contacts": bindparam("by"),
            "spent": bindparam("costs"),
        }
        for n in range(3)
    ]
)
RAISE_VOLUMES = _ADDED.on_conflict_do_update(
    index_elements=[volumes.c.span, volumes.c.start, volumes.c.action_id],
    set_={
        "contacts": volumes.c.contacts + _ADDED.excluded.contacts,
        "spent": volumes.c.spent + _ADDED.excluded.spent,
    },
)

_BEGIN: BindParameter[int] = bindparam("begin", type_=BigInteger)

_PIECE = ((volumes.c.start - _BEGIN) // bindparam("width", type_=BigInteger)).label("piece")

VOLUMES = (
    select(volumes.c.action_id, _PIECE, cast(func.sum(volumes.c.contacts), BigInteger), func.sum(volumes.c.spent))
    .where(volumes.c.span == bindparam("length"), volumes.c.start >= _BEGIN, volumes.c.start < bindparam("end"))
    .where(volumes.c.contacts > 0)
    .group_by(volumes.c.action_id, _PIECE)
    .order_by(volumes.c.action_id, _PIECE)
)
