"""A transaction on SQLite."""

import sqlite3
from dataclasses import dataclass
from functools import cache

from sqlalchemy.dialects.sqlite import dialect

from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.transaction import Statement, Transaction, Values


@dataclass(frozen=True, slots=True)
class _Prepared:
    text: str
    constants: dict[str, object]


@cache
def _prepared(statement: Statement) -> _Prepared:
    # Compiling a statement costs more than running it: each one is compiled once and runs as text from then on.
    compiled = statement.compile(dialect=dialect(paramstyle="named"))
    return _Prepared(str(compiled), {name: value for name, value in compiled.params.items() if value is not None})


class SqliteTransaction(Transaction):
    """Statements on a SQLite connection in autocommit mode, between the BEGIN and COMMIT of its owner."""

    def __init__(self, connection: sqlite3.Connection, key_ring: KeyRing) -> None:
        super().__init__(key_ring)
        self._connection = connection

    def _execute(self, statement: Statement, values: Values) -> sqlite3.Cursor:
        prepared = _prepared(statement)
        return self._connection.execute(prepared.text, {**prepared.constants, **values})
