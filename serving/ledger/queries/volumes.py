"""Volumes: what all customers were contacted with, per action and stretch of time."""

from sqlalchemy import BigInteger, BindParameter, bindparam, cast, func, insert, select, update

from serving.ledger.tables import volumes

RAISE_VOLUME = (
    update(volumes)
    .where(
        volumes.c.span == bindparam("length"),
        volumes.c.start == bindparam("begin"),
        volumes.c.action_id == bindparam("action"),
    )
    .values(contacts=volumes.c.contacts + bindparam("by"), spent=volumes.c.spent + bindparam("costs"))
)

ADD_VOLUME = insert(volumes)

_BEGIN: BindParameter[int] = bindparam("begin", type_=BigInteger)

_PIECE = ((volumes.c.start - _BEGIN) // bindparam("width", type_=BigInteger)).label("piece")

VOLUMES = (
    select(volumes.c.action_id, _PIECE, cast(func.sum(volumes.c.contacts), BigInteger), func.sum(volumes.c.spent))
    .where(volumes.c.span == bindparam("length"), volumes.c.start >= _BEGIN, volumes.c.start < bindparam("end"))
    .where(volumes.c.contacts > 0)
    .group_by(volumes.c.action_id, _PIECE)
    .order_by(volumes.c.action_id, _PIECE)
)
