"""Statements on a PostgreSQL connection, compiled once from the same definitions as for SQLite, and sent together.

Each wait for the server's answer is a way there and back. What nobody needs the answer of at once waits to be sent with
what somebody does (libpq's pipeline mode): the server runs it all in the order in which it was said, every statement on
a snapshot of its own, as if each had been waited for.
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
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Executing, Query, Row, Statement, Values
from heed.serving.ledger.postgres.errors import lost
from heed.serving.ledger.postgres.server_checks import Server, look, require_one_time
from heed.serving.ledger.postgres.stall_watchdog import StallWatchdog

Sent = tuple[bytes, Mapping[str, object] | None]
_Which = frozenset[tuple[str, object]]
_Known = dict[Statement, dict[_Which, list[Row]]]


class Unforeseen(Exception):
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


class PostgresTransaction(Executing):
    """Statements between the BEGIN and the COMMIT of the connection's owner."""

    def __init__(
        self,
        connection: Connection[Any],
        seal: KeyRing,
        watch: StallWatchdog,
        *,
        shard: int | None = None,
        skew: float | None = None,
    ) -> None:
        super().__init__(seal, shard)
        self._skew = skew
        self._there: int | None = None
        self._connection = connection
        self._watch = watch
        self._pending: list[Sent] = []
        self._noted: list[Query] = []
        self._foreseen: _Known = {}
        self._begun = False
        self._over = False

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, in the order of the statement."""
        return self.several([(statement, values)])[0]

    def row(self, statement: Statement, values: Values) -> Row | None:
        """The first row, None where there is none."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def several(self, asked: Sequence[Query]) -> list[list[Row]]:
        """All rows of several statements, in one way there and back for all that was not foreseen."""
        unknown = [one for one in asked if _rows_of(one, self._foreseen) is None]
        if not self._begun:
            self._noted += unknown
        told = self._answers(unknown) if unknown else {}
        return [list(_rows_of(one, told) or _rows_of(one, self._foreseen) or ()) for one in asked]

    def prefetch(self, asked: Sequence[Query]) -> None:
        """Ask together for what will be asked, and keep it until a change of those tables."""
        unknown = [one for one in asked if _rows_of(one, self._foreseen) is None]
        if unknown and self._begun:
            for statement, known in self._answers(unknown).items():
                self._foreseen.setdefault(statement, {}).update(known)

    def later(self, statement: Statement, values: Values) -> None:
        """Send a statement with the next one that has to be waited for."""
        self._forget(statement)
        self._pending.append(_sent(statement, values))

    def begin(self, begin: bytes, lock: Sent, ahead: Sequence[Query]) -> None:
        """Begin, and ask at once what the job will ask, and what was asked before the beginning once more.

        The rows of `lock` end with the time at the server, in microseconds, once it was held.
        """
        asked = [*self._noted, *ahead]
        self._begun = True
        self._pending.append((begin, None))
        locked, *told = [one.fetchall() for one in self._flight([lock, *(_sent(*one) for one in asked)])]
        self._there = locked[-1][-1]
        self._foreseen = _known(asked, told)

    def require_moment(self, now: datetime) -> None:
        """Refuse to judge by a moment that the server's clock contradicts."""
        if self._skew is not None and self._there is not None:
            require_one_time(micros(now), self._there, self._skew)

    def begin_later(self, command: bytes) -> None:
        """Begin with the first statement."""
        self._begun = True
        self._pending.append((command, None))

    def whole(self, begin: bytes, ahead: Sequence[Query]) -> None:
        """Begin, ask and end in one way there and back; whoever asks for more meets `Unforeseen`."""
        self._pending.append((begin, None))
        cursors = self._flight([*(_sent(*one) for one in ahead), (b"COMMIT", None)])
        self._foreseen = _known(ahead, [one.fetchall() for one in cursors[:-1]])
        self._begun = self._over = True

    def commit(self) -> str:
        """Send what is left with COMMIT; what the server calls it that it did.

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
            self._flight([(b"COMMIT", None)], cursors)
        except psycopg.Error as error:
            # Results come in order: where one before COMMIT has none, COMMIT was passed over.
            refused = any(one.pgresult is None for one in cursors[:before]) and not lost(error)
            raise (NotCommitted() if refused else error) from error
        return cursors[-1].statusmessage or ""

    def command(self, text: str) -> str:
        """Run what has no values, such as BEGIN; what the server calls it that it did."""
        self._foreseen.clear()
        self._flight([])
        with self._watch.over(self._connection):
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

    def server(self) -> Server:
        """How the server is set up at this moment."""
        with self._watch.over(self._connection):
            return look(self._connection)

    def _execute(self, statement: Statement, values: Values) -> Cursor[Row]:
        self._forget(statement)
        return self._flight([_sent(statement, values)])[0]

    def _forget(self, change: Statement) -> None:
        """What was foreseen of tables that change is to be asked again."""
        changed = _tables(change)
        self._foreseen = {one: known for one, known in self._foreseen.items() if not changed & _tables(one)}

    def _answers(self, asked: Sequence[Query]) -> _Known:
        return _known(asked, [one.fetchall() for one in self._flight([_sent(*one) for one in asked])])

    def _flight(self, sent: Sequence[Sent], cursors: list[Cursor[Row]] | None = None) -> list[Cursor[Row]]:
        """Send what is pending and then this, and wait once; a cursor for each of what was sent now."""
        if self._over:
            raise Unforeseen
        everything, self._pending = [*self._pending, *sent], []
        used = [] if cursors is None else cursors
        if len(everything) == 1:
            used.append(self._connection.cursor(binary=True))
            with self._watch.over(self._connection):
                used[0].execute(*everything[0])
        elif everything:
            self._together(everything, used)
        return used[len(everything) - len(sent) :]

    def _together(self, everything: Sequence[Sent], used: list[Cursor[Row]]) -> None:
        used += [self._connection.cursor(binary=True) for _ in everything]
        try:
            with self._watch.over(self._connection), self._connection.pipeline():
                for cursor, (text, values) in zip(used, everything, strict=True):
                    cursor.execute(text, values)
        except PipelineAborted as error:
            raise _first(error) from None


def _first(error: BaseException) -> BaseException:
    """The error for which the rest of a flight was passed over."""
    while isinstance(error, PipelineAborted) and isinstance(error.__context__, psycopg.Error):
        error = error.__context__
    return error


def _sent(statement: Statement, values: Values) -> Sent:
    prepared = _prepared(statement)
    return prepared.text, {**prepared.constants, **values}


def _known(asked: Sequence[Query], told: Sequence[list[Row]]) -> _Known:
    known: _Known = {}
    for (statement, values), rows in zip(asked, told, strict=True):
        known.setdefault(statement, {})[frozenset(values.items())] = rows
    return known


def _rows_of(asked: Query, known: _Known) -> list[Row] | None:
    statement, values = asked
    return known.get(statement, {}).get(frozenset(values.items()))


@cache
def _tables(statement: Statement) -> frozenset[str]:
    return frozenset(one.name for one in iterate(statement) if isinstance(one, Table))
