"""Create a ledger in a file, or bring it to the current schema."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.migrations import revisions
from heed.serving.ledger.sqlite.errors import unavailable_error
from heed.serving.ledger.sqlite.file_lock import FileLock


def require_current_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that holds no ledger, or one of another schema than this code's.

    Raises
    ------
    Unavailable
        With the command that mends it.
    """
    revisions.require_current(_revision(connection), path)


def upgrade(path: Path) -> None:
    """Create the file, or bring it to the current schema; see `migrate.upgrade`."""
    _create(path)
    lock = FileLock(path)
    try:
        _upgrade(path)
    except (sqlite3.Error, DBAPIError) as error:
        raise unavailable_error(_cause(error)) from error
    finally:
        lock.release()


def _create(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        remedy = "make the folder writable for this process"
        raise Unavailable("the ledger cannot be created", field="ledger", value=path, remedy=remedy) from error


def _upgrade(path: Path) -> None:
    raw = sqlite3.connect(path, isolation_level=None)
    try:
        raw.execute("PRAGMA journal_mode=WAL")
    finally:
        raw.close()
    with _engine(path).connect() as connection:
        # The driver would commit before each CREATE; an explicit transaction applies all revisions or none.
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        revisions.require_known(_revision(_driver(connection)), path)
        revisions.apply(connection)
        connection.commit()


def _revision(connection: sqlite3.Connection) -> str | None:
    """The last revision that was applied, None where there is no ledger."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _driver(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError(f"not a connection to SQLite: {type(raw).__name__}")
    return raw


def _cause(error: sqlite3.Error | DBAPIError) -> sqlite3.Error:
    if isinstance(error, sqlite3.Error):
        return error
    return error.orig if isinstance(error.orig, sqlite3.Error) else sqlite3.Error(str(error))


def _engine(path: Path) -> Engine:
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(path, isolation_level=None), poolclass=NullPool)
