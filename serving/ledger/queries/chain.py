"""The hash chains over the append-only tables."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Text, and_, bindparam, cast, exists, insert, literal, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from heed.serving.ledger.queries.parts import LIMIT, pick
from heed.serving.ledger.tables.chains import CHAINED, heads, links
from heed.serving.ledger.tables.schema import SCHEMA

_SHARD = bindparam("of_shard", type_=heads.c.shard.type)

_DIGEST = bindparam("digest", type_=links.c.digest.type)


class _Linked(FunctionElement[str]):
    """`heed.serving.ledger.audit.chain_hash.link_hash`, run by the database, from the head that it waited for."""

    type = Text()
    inherit_cache = True


@compiles(_Linked, "sqlite")
def _in_sqlite(element: _Linked, compiler: SQLCompiler, **more: Any) -> str:
    before, digest = (compiler.process(one, **more) for one in element.clauses)
    return f"linked({before}, {digest})"


@compiles(_Linked, "postgresql")
def _in_postgresql(element: _Linked, compiler: SQLCompiler, **more: Any) -> str:
    before, digest = (compiler.process(one, **more) for one in element.clauses)
    return f"encode(sha256(decode({before}, 'hex') || decode({digest}, 'hex')), 'hex')"


# Locked until the commit where several workers write; a database with one writer has no such lock and needs none.
HOLD_SHARD = select(heads.c.position).where(heads.c.shard == _SHARD).with_for_update()

HEADS = pick(heads, "shard position hash").order_by(heads.c.shard)

MOVE_HEAD = (
    update(heads)
    .where(heads.c.shard == _SHARD)
    .values(position=heads.c.position + 1, hash=_Linked(heads.c.hash, _DIGEST))
)

ADD_HEAD = insert(heads)

# What the head says once it has moved is what the link says.
ADD_LINK = insert(links).from_select(
    ["shard", "position", "kind", "record", "part", "digest", "hash"],
    select(
        heads.c.shard,
        heads.c.position,
        *[bindparam(one, type_=Text()) for one in ("kind", "record", "part")],
        _DIGEST,
        heads.c.hash,
    ).where(heads.c.shard == _SHARD),
)

_STRETCH = and_(links.c.shard == _SHARD, links.c.position > bindparam("after"), links.c.position <= bindparam("upto"))

LINKS = pick(links, "position kind record part digest hash").where(_STRETCH).order_by(links.c.position)

LINK_AT = select(links.c.hash).where(links.c.shard == _SHARD, links.c.position == bindparam("at_position"))

# One statement, so that a link that is added meanwhile is seen with the head that it moved or not at all.
BEYOND = (
    pick(links, "shard position")
    .join(heads, and_(heads.c.shard == links.c.shard, links.c.position > heads.c.position))
    .order_by(links.c.shard, links.c.position)
    .limit(LIMIT)
)


def _linked_rows(name: str) -> Select[Any]:
    table, key = SCHEMA.tables[name], CHAINED[name]
    wanted = select(links.c.record).where(_STRETCH, links.c.kind == name)
    return select(table).where(table.c[key[0]].in_(wanted))


def _unlinked_rows(name: str) -> Select[Any]:
    table, key = SCHEMA.tables[name], CHAINED[name]
    part = cast(table.c[key[1]], Text) if len(key) > 1 else literal("")
    link = exists().where(links.c.kind == name, links.c.record == table.c[key[0]], links.c.part == part)
    return select(table).where(~link).order_by(*[table.c[one] for one in key]).limit(LIMIT)


# Rows of a table to which links of one stretch lead, and possibly more of the same first name.
LINKED_ROWS: Mapping[str, Select[Any]] = {name: _linked_rows(name) for name in CHAINED}

UNLINKED_ROWS: Mapping[str, Select[Any]] = {name: _unlinked_rows(name) for name in CHAINED}
