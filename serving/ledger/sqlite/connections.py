"""Connections to the SQLite file: one that writes, and beside it any number that can neither write nor checkpoint."""

import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from heed.serving.ledger.audit.hash_chain import register_sql_functions
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.transaction import ReadJob
from heed.serving.ledger.sqlite.errors import FileReplaced, unavailable_error
from heed.serving.ledger.sqlite.transaction import SqliteTransaction


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that SQLite itself keeps from writing."""
    return _connect(path, "ro")


BUSY_MILLISECONDS = 2_000

# What is deleted is overwritten with zeros: somebody may have been erased.
_DURABLE = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_MILLISECONDS}",
    "secure_delete=ON",
)


def connect_to_write(path: Path) -> sqlite3.Connection:
    """The connection of the one writer, durable at every COMMIT.

    Raises
    ------
    sqlite3.Error
        If the file is missing, is no database, or cannot be written.
    """
    connection = _connect(path, "rw")
    try:
        for pragma in _DURABLE:
            connection.execute(f"PRAGMA {pragma}")
        write_a_page(connection)
        register_sql_functions(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def same_file_check(path: Path) -> Callable[[], None]:
    """A question whether the file that is opened now is still the one at its path.

    SQLite goes on writing to a file that was deleted or replaced, and all that it writes is lost with the process.
    """
    opened = path.stat()

    def present() -> None:
        try:
            found = path.stat()
        except OSError as error:
            raise FileReplaced(f"the ledger's file is gone: {error.strerror}") from error
        if (found.st_dev, found.st_ino) != (opened.st_dev, opened.st_ino):
            raise FileReplaced("another file is in the place of the ledger's")

    return present


def write_a_page(connection: sqlite3.Connection) -> None:
    """Commit a change that changes nothing: SQLite opens a write-protected file and says nothing until a write."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("PRAGMA user_version = 0")
    connection.execute("COMMIT")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # Several threads may use one connection, though never at once.
    return sqlite3.connect(
        f"{path.as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
    )


T = TypeVar("T")


class Readers:
    """Read-only connections, as many as threads read at once, kept for the next read."""

    def __init__(self, path: Path, key_ring: KeyRing) -> None:
        self._path = path
        self._key_ring = key_ring
        self._idle: deque[sqlite3.Connection] = deque()

    def read(self, work: ReadJob[T]) -> T:
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
                return work(SqliteTransaction(connection, self._key_ring))
            finally:
                connection.execute("ROLLBACK")
                self._idle.append(connection)
        except sqlite3.Error as error:
            raise unavailable_error(error) from error

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return connect_to_read(self._path)
