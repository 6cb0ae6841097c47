"""Reading beside the writer, each read from one consistent snapshot."""

import sqlite3
from collections import deque
from pathlib import Path
from typing import TypeVar

from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.transaction import Work
from heed.serving.ledger.sqlite.connections import connect_to_read
from heed.serving.ledger.sqlite.errors import unavailable
from heed.serving.ledger.sqlite.transaction import SqliteTransaction

T = TypeVar("T")


class Readers:
    """Read-only connections, as many as threads read at once, kept for the next read."""

    def __init__(self, path: Path, seal: KeyRing) -> None:
        self._path = path
        self._seal = seal
        self._idle: deque[sqlite3.Connection] = deque()

    def read(self, work: Work[T]) -> T:
        """Run `work` on one snapshot.

        Raises
        ------
        Unavailable
            If the database cannot be read.
        """
        try:
            connection = self._take()
            connection.execute("BEGIN")
            try:
                return work(SqliteTransaction(connection, self._seal))
            finally:
                connection.execute("ROLLBACK")
                self._idle.append(connection)
        except sqlite3.Error as error:
            raise unavailable(error) from error

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return connect_to_read(self._path)
