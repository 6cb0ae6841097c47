"""Volumes: what all customers were contacted with, per action and stretch of time."""

from sqlalchemy import BigInteger, BindParameter, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import insert

from heed.serving.ledger.tables.happenings import volumes

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
RAISE_VOLUMES = _ADDED.on_conflict_do_update(
    index_elements=[volumes.c.span, volumes.c.start, volumes.c.action_id, volumes.c.shard],
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
    .group_by(volumes.c.action_id, _PIECE)
    .having(func.sum(volumes.c.contacts) > 0)
    .order_by(volumes.c.action_id, _PIECE)
)
