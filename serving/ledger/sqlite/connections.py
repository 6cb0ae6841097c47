"""Connections to the SQLite file: one that writes, and beside it any number that can neither write nor checkpoint."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from heed.serving.ledger.audit.chain_hash import register_sql_functions
from heed.serving.ledger.sqlite.errors import FileGone

BUSY_MILLISECONDS = 2_000
# What is deleted is overwritten with zeros: somebody may have been erased.
_DURABLE = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_MILLISECONDS}",
    "secure_delete=ON",
)


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that SQLite itself keeps from writing."""
    return _connect(path, "ro")


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


def still_there(path: Path) -> Callable[[], None]:
    """A question whether the file that is opened now is still the one at its path.

    SQLite goes on writing to a file that was deleted or replaced, and all that it writes is lost with the process.
    """
    opened = path.stat()

    def present() -> None:
        try:
            found = path.stat()
        except OSError as error:
            raise FileGone(f"the ledger's file is gone: {error.strerror}") from error
        if (found.st_dev, found.st_ino) != (opened.st_dev, opened.st_ino):
            raise FileGone("another file is in the place of the ledger's")

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
