"""Every record of the append-only tables is a link in one of sixteen hash chains.

A link carries the digest of its record and SHA-256 of the hash before it and that digest, so that whoever edits,
removes or slips in a record has to remake every later link of its shard, and what was anchored outside contradicts it.
All records of one transaction go to one shard, whose head is locked as the last thing before the commit, and moved by
the database itself (`heed.serving.ledger.queries.chain`): many workers wait for each other only briefly, and in sixteen
queues.
"""

import hashlib
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Insert

from heed.serving.ledger.backend.database import Database
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.locks import Locks
from heed.serving.ledger.backend.transaction import (
    Job,
    Prefetch,
    Query,
    Row,
    Statement,
    Transaction,
    Values,
    Work,
    no_prefetch,
)
from heed.serving.ledger.queries.chain import ADD_LINK, HOLD_SHARD, MOVE_HEAD
from heed.serving.ledger.tables.chains import CHAINED, SHARDS

T = TypeVar("T")

_TYPES: Mapping[type, tuple[bytes, Callable[..., bytes]]] = {
    str: (b"s", str.encode),
    int: (b"i", lambda value: str(value).encode()),
    bytes: (b"b", bytes),
    memoryview: (b"b", bytes),
}


def record_digest(table: str, record: Mapping[str, object]) -> str:
    """SHA-256 over the name of the table and every column that says something, in order of their names.

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
            kind, encode = _TYPES[type(value)]
            parts += _sized(b"n", name.encode()), _sized(kind, encode(value))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def genesis_hash(shard: int) -> str:
    """What stands before the first link of a shard."""
    return hashlib.sha256(f"heed shard {shard}".encode()).hexdigest()


def record_name(table: str, record: Mapping[str, object]) -> tuple[str, str]:
    """The name of a record within its table, in two parts of which the second may be empty."""
    first, *rest = CHAINED[table]
    return str(record[first]), "".join(str(record[one]) for one in rest)


def shard_of(record: str) -> int:
    """The shard for a transaction whose first record is this."""
    return hashlib.sha256(record.encode()).digest()[0] % SHARDS


class ChainedTransaction:
    """A transaction that remembers what is added to the append-only tables, and links it at its end."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._added: list[tuple[str, str, str, str]] = []
        self._last: list[Query] = []

    @property
    def seal(self) -> KeyRing:
        """The ledger's key at work."""
        return self._transaction.seal

    @property
    def shard(self) -> int | None:
        """Where what is added is linked."""
        return self._transaction.shard

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, in the order of the statement."""
        return self._transaction.rows(statement, values)

    def row(self, statement: Statement, values: Values) -> Row | None:
        """The first row, None where there is none."""
        return self._transaction.row(statement, values)

    def run(self, statement: Statement, values: Values) -> int:
        """Run a statement that changes rows; how many it changed."""
        changed = self._transaction.run(statement, values)
        self._note(statement, values)
        return changed

    def several(self, asked: Sequence[Query]) -> list[list[Row]]:
        """All rows of several statements."""
        return self._transaction.several(asked)

    def prefetch(self, asked: Sequence[Query]) -> None:
        """Say what will be asked."""
        self._transaction.prefetch(asked)

    def later(self, statement: Statement, values: Values) -> None:
        """Run a statement of which nobody asks how many rows it changed."""
        self._transaction.later(statement, values)
        self._note(statement, values)

    def last(self, statement: Statement, values: Values) -> None:
        """Run a statement that others wait for, at the end."""
        self._last.append((statement, values))

    def require_moment(self, now: datetime) -> None:
        """Return where windows may be judged by this moment."""
        self._transaction.require_moment(now)

    def link(self, table: str, record: Mapping[str, object]) -> None:
        """Have a record linked at the end."""
        self._added.append((table, *record_name(table, record), record_digest(table, record)))

    def end(self) -> None:
        """Link what was added, and do what was left for the end.

        Whoever is to change what others wait for holds the shard first: so no two can wait for each other.
        """
        if self._added:
            append(self._transaction, self._added)
        elif self._last:
            self._transaction.later(HOLD_SHARD, {"of_shard": self.shard or 0})
        for statement, values in self._last:
            self._transaction.later(statement, values)

    def _note(self, statement: Statement, values: Values) -> None:
        if isinstance(statement, Insert) and statement.table.name in CHAINED:
            self.link(statement.table.name, values)


def append(transaction: Transaction, added: list[tuple[str, str, str, str]]) -> None:
    """Put records at the end of one shard: table, name in two parts, digest."""
    shard = shard_of(added[0][1]) if transaction.shard is None else transaction.shard
    for table, record, part, digest in added:
        transaction.later(MOVE_HEAD, {"of_shard": shard, "digest": digest})
        link = {"of_shard": shard, "kind": table, "record": record, "part": part, "digest": digest}
        transaction.later(ADD_LINK, link)


class Chained:
    """A database whose jobs link what they add."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def read(self, work: Work[T], ahead: Prefetch = no_prefetch) -> T:
        """Run `work` on one consistent snapshot, at once."""
        return self.database.read(work, ahead)

    async def write(self, work: Job[T], locks: Locks, ahead: Prefetch = no_prefetch) -> T:
        """Run `work` in a transaction of its own, link what it adds, and return once it is durable."""
        return await self.database.write(chained(work), locks, ahead)

    async def aside(self, work: Callable[[], T]) -> T:
        """Run `work`, which only reads, where it holds nobody up."""
        return await self.database.aside(work)

    async def hold(self, name: str) -> bool:
        """Hold a name over all processes; False if it is held."""
        return await self.database.hold(name)

    def release(self, name: str) -> None:
        """Let go of a name."""
        self.database.release(name)

    async def forget(self) -> None:
        """Leave nothing of what was deleted in the store's files, as far as the store can see to it."""
        await self.database.forget()

    def moment(self) -> datetime:
        """The present moment, with an offset."""
        return self.database.moment()

    def healthy(self) -> None:
        """Return if jobs can be written, raise `Unavailable` with a remedy if not."""
        self.database.healthy()

    def close(self) -> None:
        """Finish what was promised and let go of the store."""
        self.database.close()


def chained(work: Job[T]) -> Job[T]:
    """The same job, which links what it adds."""

    def job(transaction: Transaction, now: datetime) -> T:
        linking = ChainedTransaction(transaction)
        result = work(linking, now)
        linking.end()
        return result

    return job


def _sized(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">Q", len(content)) + content
