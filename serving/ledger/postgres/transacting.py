"""Statements on a PostgreSQL connection, compiled once from the same definitions as for SQLite."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from psycopg import Connection, Cursor
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from decisioning.errors import Unavailable
from serving.ledger.postgres.watching import Watch
from serving.ledger.sealing import Seal
from serving.ledger.transaction import Row, Statement, Values


@dataclass(frozen=True, slots=True)
class _Prepared:
    text: bytes
    constants: dict[str, object]


@cache
def _prepared(statement: Statement) -> _Prepared:
    compiled = statement.compile(dialect=PGDialect_psycopg(paramstyle="pyformat"))  # type: ignore[no-untyped-call]
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return _Prepared(str(compiled).encode(), constants)


class PostgresTransaction:
    """Statements between the BEGIN and the COMMIT of the connection's owner."""

    def __init__(self, connection: Connection[Any], seal: Seal, watch: Watch) -> None:
        self._cursor: Cursor[Row] = connection.cursor(binary=True)
        self._connection = connection
        self._seal = seal
        self._watch = watch

    @property
    def seal(self) -> Seal:
        """The ledger's key at work."""
        return self._seal

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, in the order of the statement."""
        return self._execute(statement, values).fetchall()

    def row(self, statement: Statement, values: Values) -> Row | None:
        """The first row, None where there is none."""
        return self._execute(statement, values).fetchone()

    def run(self, statement: Statement, values: Values) -> int:
        """Run a statement that changes rows; how many it changed."""
        return self._execute(statement, values).rowcount

    def command(self, text: str) -> str:
        """Run what has no values, such as BEGIN; what the server calls it that it did."""
        with self._watch.over(self._connection):
            # Several statements in one text travel together, and cannot be prepared.
            done = self._connection.execute(text.encode(), prepare=False)
        return done.statusmessage or ""

    def end(self) -> None:
        """Undo what was not committed. A connection that is gone has nothing left to undo; the pool throws it away."""
        with suppress(psycopg.Error):
            self.command("ROLLBACK")

    def require_writable(self) -> None:
        """Raise `Unavailable` where the server takes no writes."""
        with self._watch.over(self._connection):
            (locked,) = self._connection.execute("SHOW transaction_read_only").fetchone() or ("on",)
        if locked == "on":
            remedy = "point `HEED_DATABASE_URL` at the primary, which takes writes"
            raise Unavailable("PostgreSQL takes no writes", field="ledger", remedy=remedy)

    def _execute(self, statement: Statement, values: Values) -> Cursor[Row]:
        prepared = _prepared(statement)
        with self._watch.over(self._connection):
            return self._cursor.execute(prepared.text, {**prepared.constants, **values})
