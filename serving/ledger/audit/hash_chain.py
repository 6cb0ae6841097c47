"""Every record of the append-only tables is a link in one of sixteen hash chains.

database itself: many workers wait for each other only briefly, and in sixteen queues.
"""

import hashlib
import sqlite3
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Text, bindparam, insert, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.schema import CHAINED, SHARDS, heads, links

Link = tuple[str, str, str, str]
"""Table of a record, its name in two parts, and its digest."""

_ENCODERS: Mapping[type, tuple[bytes, Callable[..., bytes]]] = {
    str: (b"s", str.encode),
    int: (b"i", lambda value: str(value).encode()),
    bytes: (b"b", bytes),
    memoryview: (b"b", bytes),
}


def record_digest(table: str, record: Mapping[str, object]) -> str:
    """SHA-256 over the name of the table and every column that has a value, in order of their names.

    Columns without a value leave no trace, so that a column may be added later and old records stay as they were.

    Raises
    ------
    KeyError
        If a value is neither text, nor a whole number, nor bytes.
    """
    parts = [_sized(b"t", table.encode())]
    for name in sorted(record):
        value = record[name]
        if value is not None:
            kind, encode = _ENCODERS[type(value)]
            parts += _sized(b"n", name.encode()), _sized(kind, encode(value))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def record_name(table: str, record: Mapping[str, object]) -> tuple[str, str]:
    """The name of a record within its table, in two parts of which the second may be empty."""
    first, *rest = CHAINED[table]
    return str(record[first]), "".join(str(record[column]) for column in rest)


def genesis_hash(shard: int) -> str:
    """The hash before the first link of a shard."""
    return hashlib.sha256(f"heed shard {shard}".encode()).hexdigest()


def link_hash(before: str, digest: str) -> str:
    """The hash of a link: SHA-256 of the hash before it and the digest of its record."""
    return hashlib.sha256(bytes.fromhex(before) + bytes.fromhex(digest)).hexdigest()


def register_sql_functions(connection: sqlite3.Connection) -> None:
    """Let statements on a SQLite connection use `link_hash`; PostgreSQL has functions of its own for it."""
    connection.create_function("linked", 2, link_hash, deterministic=True)


class _LinkHash(FunctionElement[str]):
    """`link_hash`, computed by the database: whoever waited for the head moves it from where it is by then."""

    type = Text()
    inherit_cache = True


@compiles(_LinkHash, "sqlite")
def _in_sqlite(element: _LinkHash, compiler: SQLCompiler, **options: Any) -> str:
    before, digest = (compiler.process(clause, **options) for clause in element.clauses)
    return f"linked({before}, {digest})"


@compiles(_LinkHash, "postgresql")
def _in_postgresql(element: _LinkHash, compiler: SQLCompiler, **options: Any) -> str:
    before, digest = (compiler.process(clause, **options) for clause in element.clauses)
    return f"encode(sha256(decode({before}, 'hex') || decode({digest}, 'hex')), 'hex')"


_SHARD = bindparam("of_shard", type_=heads.c.shard.type)
_DIGEST = bindparam("digest", type_=links.c.digest.type)
# LedgerLocked until the commit where several workers write; a database with one writer has no such lock and needs none.
_HOLD_SHARD = select(heads.c.position).where(heads.c.shard == _SHARD).with_for_update()


def finish(transaction: Transaction) -> None:
    """Link what the transaction added, and run what was left for the end; the last thing before each commit.

    Whoever is to change what others wait for holds the shard first, so that no two can wait for each other.
    """
    records = [(table, values) for table, values in transaction.inserted if table in CHAINED]
    if records:
        append_links(transaction, [_link(table, values) for table, values in records])
    elif transaction.last:
        transaction.defer(_HOLD_SHARD, {"of_shard": transaction.shard or 0})
    for statement, values in transaction.last:
        transaction.defer(statement, values)


_MOVE_HEAD = (
    update(heads)
    .where(heads.c.shard == _SHARD)
    .values(position=heads.c.position + 1, hash=_LinkHash(heads.c.hash, _DIGEST))
)
# The link takes position and hash from the head after it has moved.
_ADD_LINK = insert(links).from_select(
    ["shard", "position", "kind", "record", "part", "digest", "hash"],
    select(
        heads.c.shard,
        heads.c.position,
        *[bindparam(name, type_=Text()) for name in ("kind", "record", "part")],
        _DIGEST,
        heads.c.hash,
    ).where(heads.c.shard == _SHARD),
)


def append_links(transaction: Transaction, added: Sequence[Link]) -> None:
    """Put records at the end of one shard."""
    shard = _shard_of(added[0][1]) if transaction.shard is None else transaction.shard
    for table, record, part, digest in added:
        transaction.defer(_MOVE_HEAD, {"of_shard": shard, "digest": digest})
        link = {"of_shard": shard, "kind": table, "record": record, "part": part, "digest": digest}
        transaction.defer(_ADD_LINK, link)


_ADD_HEAD = insert(heads)


def begin(transaction: Transaction) -> None:
    """Begin every chain of a new ledger."""
    for shard in range(SHARDS):
        transaction.run(_ADD_HEAD, {"shard": shard, "position": 0, "hash": genesis_hash(shard)})


def _link(table: str, record: Mapping[str, object]) -> Link:
    return (table, *record_name(table, record), record_digest(table, record))


def _shard_of(record: str) -> int:
    return hashlib.sha256(record.encode()).digest()[0] % SHARDS


def _sized(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">Q", len(content)) + content
