"""A transaction as the ledger's own code sees it, whatever the database."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import Delete, Insert, Select, Update
from sqlalchemy.dialects.sqlite import dialect

from serving.ledger.sealing import Seal

Statement = Select[Any] | Insert | Update | Delete
Row = tuple[Any, ...]
Values = Mapping[str, object]

T = TypeVar("T")


class Transaction(Protocol):
    """Statements run inside one open transaction."""

    @property
    def seal(self) -> Seal:
        """The ledger's key at work."""
        ...

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, in the order of the statement."""
        ...

    def row(self, statement: Statement, values: Values) -> Row | None:
        """The first row, None where there is none."""
        ...

    def run(self, statement: Statement, values: Values) -> int:
        """Run a statement that changes rows; how many it changed."""
        ...


Work = Callable[[Transaction], T]
"""Reading inside one transaction."""

Job = Callable[[Transaction, datetime], T]
"""Work inside one transaction, with the moment at which it runs by the ledger's own clock."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    text: str
    constants: dict[str, object]


@cache
def _prepared(statement: Statement) -> _Prepared:
    # Compiling a statement costs more than running it: each one is compiled once and runs as text from then on.
    compiled = statement.compile(dialect=dialect(paramstyle="named"))
    return _Prepared(str(compiled), {name: value for name, value in compiled.params.items() if value is not None})


class SqliteTransaction:
    """Statements on a SQLite connection in autocommit mode, between the BEGIN and COMMIT of its owner."""

    def __init__(self, connection: sqlite3.Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    @property
    def seal(self) -> Seal:
        """The ledger's key at work."""
        return self._seal

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, in the order of the statement."""
        return self._execute(statement, values).fetchall()

    def row(self, statement: Statement, values: Values) -> Row | None:
        """The first row, None where there is none."""
        found: Row | None = self._execute(statement, values).fetchone()
        return found

    def run(self, statement: Statement, values: Values) -> int:
        """Run a statement that changes rows; how many it changed."""
        return self._execute(statement, values).rowcount

    def _execute(self, statement: Statement, values: Values) -> sqlite3.Cursor:
        prepared = _prepared(statement)
        return self._connection.execute(prepared.text, {**prepared.constants, **values})
