"""Statements on a PostgreSQL connection, compiled once from the same definitions as for SQLite, and sent together.

Each wait for the server's answer is a round trip. What nobody needs the answer of at once waits to be sent with what
somebody does (libpq's pipeline mode): the server runs it all in order, every statement on a snapshot of its own, as if
each had been waited for.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from psycopg import Connection, Cursor
from psycopg.errors import PipelineAborted
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.visitors import iterate

from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.times import to_micros
from heed.serving.ledger.backend.transaction import Query, Row, Statement, Transaction, Values
from heed.serving.ledger.postgres.errors import is_connection_lost
from heed.serving.ledger.postgres.server_checks import ServerState, inspect_server, require_synchronized_clocks
from heed.serving.ledger.postgres.stall_watchdog import StallWatchdog


class NotPrefetched(Exception):
    """Something was asked of a snapshot that is gone."""


class NotCommitted(Exception):
    """A statement before COMMIT failed, so that COMMIT itself was never run; the cause says why."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    text: bytes
    constants: dict[str, object]


@cache
def _prepared(statement: Statement) -> _Prepared:
    compiled = statement.compile(dialect=PGDialect_psycopg(paramstyle="pyformat"))  # type: ignore[no-untyped-call]
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return _Prepared(str(compiled).encode(), constants)


Sent = tuple[bytes, Mapping[str, object] | None]
_ValuesKey = frozenset[tuple[str, object]]
_Cache = dict[Statement, dict[_ValuesKey, list[Row]]]


class PostgresTransaction(Transaction):
    """Statements between the BEGIN and the COMMIT of the connection's owner."""

    def __init__(
        self,
        connection: Connection[Any],
        key_ring: KeyRing,
        watchdog: StallWatchdog,
        *,
        shard: int | None = None,
        skew: float | None = None,
    ) -> None:
        super().__init__(key_ring, shard)
        self._skew = skew
        self._server_time: int | None = None
        self._connection = connection
        self._watchdog = watchdog
        self._pending: list[Sent] = []
        self._asked_before: list[Query] = []
        self._prefetched: _Cache = {}
        self._begun = False
        self._over = False

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, in the order of the statement."""
        return self.batch([(statement, values)])[0]

    def row(self, statement: Statement, values: Values) -> Row | None:
        """The first row, None where there is none."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def batch(self, queries: Sequence[Query]) -> list[list[Row]]:
        """All rows of several statements, in one round trip for all that was not prefetched."""
        unknown = self._unknown(queries)
        if not self._begun:
            self._asked_before += unknown
        fetched = self._fetch(unknown) if unknown else {}
        return [list(_cached_rows(query, fetched) or _cached_rows(query, self._prefetched) or ()) for query in queries]

    def prefetch(self, queries: Sequence[Query]) -> None:
        """Send queries together, and keep their rows until those tables change."""
        unknown = self._unknown(queries)
        if unknown and self._begun:
            for statement, rows in self._fetch(unknown).items():
                self._prefetched.setdefault(statement, {}).update(rows)

    def begin(self, begin: bytes, lock: Sent, queries: Sequence[Query]) -> None:
        """Begin, and send at once what the job will ask, and again what was asked before the beginning.

        The rows of `lock` end with the server's time, in microseconds, once it was held.
        """
        ahead = [*self._asked_before, *queries]
        self._begun = True
        self._pending.append((begin, None))
        cursors = self._send([lock, *(_command(*query) for query in ahead)])
        locked, *fetched = [cursor.fetchall() for cursor in cursors]
        self._server_time = locked[-1][-1]
        self._prefetched = _by_statement(ahead, fetched)

    def require_clock(self, now: datetime) -> None:
        """Refuse to judge by a moment that the server's clock contradicts."""
        if self._skew is not None and self._server_time is not None:
            require_synchronized_clocks(to_micros(now), self._server_time, self._skew)

    def defer_begin(self, command: bytes) -> None:
        """Begin with the first statement."""
        self._begun = True
        self._pending.append((command, None))

    def read_whole(self, begin: bytes, queries: Sequence[Query]) -> None:
        """Begin, ask and end in one round trip; whoever asks for more meets `NotPrefetched`."""
        self._pending.append((begin, None))
        cursors = self._send([*(_command(*query) for query in queries), (b"COMMIT", None)])
        self._prefetched = _by_statement(queries, [cursor.fetchall() for cursor in cursors[:-1]])
        self._begun = self._over = True

    def commit(self) -> str:
        """Send what is left with COMMIT; the server's word for what it did.

        Raises
        ------
        NotCommitted
            If something before COMMIT was refused.
        psycopg.Error
            If COMMIT was refused, or nobody knows what became of it.
        """
        before = len(self._pending)
        cursors: list[Cursor[Row]] = []
        try:
            self._send([(b"COMMIT", None)], cursors)
        except psycopg.Error as error:
            # Results come in order: where one before COMMIT has none, COMMIT was passed over.
            refused = any(cursor.pgresult is None for cursor in cursors[:before]) and not is_connection_lost(error)
            raise (NotCommitted() if refused else error) from error
        return cursors[-1].statusmessage or ""

    def command(self, text: str) -> str:
        """Run what has no values, such as BEGIN; the server's word for what it did."""
        self._prefetched.clear()
        self._send([])
        with self._watchdog.watching(self._connection):
            # Several statements in one text travel together, and cannot be prepared.
            done = self._connection.execute(text.encode(), prepare=False)
        return done.statusmessage or ""

    def end(self) -> None:
        """Undo what was not committed. A connection that is gone has nothing left to undo; the pool throws it away."""
        self._pending.clear()
        if self._connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            return
        with suppress(psycopg.Error):
            self.command("ROLLBACK")

    def server(self) -> ServerState:
        """How the server is set up at this moment."""
        with self._watchdog.watching(self._connection):
            return inspect_server(self._connection)

    def _execute(self, statement: Statement, values: Values) -> Cursor[Row]:
        self._invalidate(statement)
        return self._send([_command(statement, values)])[0]

    def _send_later(self, statement: Statement, values: Values) -> None:
        self._invalidate(statement)
        self._pending.append(_command(statement, values))

    def _invalidate(self, change: Statement) -> None:
        """Drop what was prefetched of tables that change."""
        changed = _tables(change)
        self._prefetched = {
            statement: rows for statement, rows in self._prefetched.items() if not changed & _tables(statement)
        }

    def _unknown(self, queries: Sequence[Query]) -> list[Query]:
        return [query for query in queries if _cached_rows(query, self._prefetched) is None]

    def _fetch(self, queries: Sequence[Query]) -> _Cache:
        cursors = self._send([_command(*query) for query in queries])
        return _by_statement(queries, [cursor.fetchall() for cursor in cursors])

    def _send(self, sent: Sequence[Sent], cursors: list[Cursor[Row]] | None = None) -> list[Cursor[Row]]:
        """Send what is pending and then this, and wait once; a cursor for each of what was sent now."""
        if self._over:
            raise NotPrefetched
        everything, self._pending = [*self._pending, *sent], []
        used = [] if cursors is None else cursors
        if len(everything) == 1:
            used.append(self._connection.cursor(binary=True))
            with self._watchdog.watching(self._connection):
                used[0].execute(*everything[0])
        elif everything:
            self._pipeline(everything, used)
        return used[len(everything) - len(sent) :]

    def _pipeline(self, everything: Sequence[Sent], used: list[Cursor[Row]]) -> None:
        used += [self._connection.cursor(binary=True) for _ in everything]
        try:
            with self._watchdog.watching(self._connection), self._connection.pipeline():
                for cursor, (text, values) in zip(used, everything, strict=True):
                    cursor.execute(text, values)
        except PipelineAborted as error:
            raise _root_error(error) from None


def _root_error(error: BaseException) -> BaseException:
    """The error for which the rest of a pipeline was passed over."""
    while isinstance(error, PipelineAborted) and isinstance(error.__context__, psycopg.Error):
        error = error.__context__
    return error


def _command(statement: Statement, values: Values) -> Sent:
    prepared = _prepared(statement)
    return prepared.text, {**prepared.constants, **values}


def _by_statement(queries: Sequence[Query], found: Sequence[list[Row]]) -> _Cache:
    cache: _Cache = {}
    for (statement, values), rows in zip(queries, found, strict=True):
        cache.setdefault(statement, {})[frozenset(values.items())] = rows
    return cache


def _cached_rows(query: Query, cache: _Cache) -> list[Row] | None:
    statement, values = query
    return cache.get(statement, {}).get(frozenset(values.items()))


@cache
def _tables(statement: Statement) -> frozenset[str]:
    return frozenset(part.name for part in iterate(statement) if isinstance(part, Table))
