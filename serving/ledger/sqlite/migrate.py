"""Bringing a ledger in a file to the present shape."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.audit.chain_hash import register_sql_functions
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.migrations import encrypt_facts
from heed.serving.ledger.migrations.backfill_chain import adopt
from heed.serving.ledger.migrations.encrypt_facts import seal_facts
from heed.serving.ledger.migrations.normalize_ids import respell
from heed.serving.ledger.migrations.reencrypt import TABLES, reseal
from heed.serving.ledger.migrations.revisions import take_steps
from heed.serving.ledger.sqlite.errors import unavailable
from heed.serving.ledger.sqlite.file_lock import FileLock
from heed.serving.ledger.sqlite.key_file import seal_of
from heed.serving.ledger.sqlite.schema_version import shape
from heed.serving.ledger.sqlite.transaction import SqliteTransaction

# The last shape in which two spellings of an id were two people.
_CASE_SENSITIVE = "0001"


def upgrade(path: Path, key: str | None) -> None:
    """Create the file, or bring it to the present shape; see `heed.serving.ledger.migrate.upgrade`."""
    _make(path)
    lock = FileLock(path)
    try:
        _run(path, key)
    except (sqlite3.Error, DBAPIError) as error:
        raise unavailable(_cause(error)) from error
    finally:
        lock.release()


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        remedy = "make the folder writable for this process"
        raise Unavailable("the ledger cannot be created", field="ledger", value=path, remedy=remedy) from error


def _run(path: Path, key: str | None) -> None:
    raw = sqlite3.connect(path, isolation_level=None)
    try:
        raw.execute("PRAGMA journal_mode=WAL")
    finally:
        raw.close()
    with _engine(path).connect() as connection:
        # The driver would commit before each CREATE; an explicit transaction makes the steps all or none.
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        before = shape(_driver(connection))
        register_sql_functions(_driver(connection))
        take_steps(connection)
        _take_in(_driver(connection), path, key, before)
        adopt(SqliteTransaction(_driver(connection), KeyRing(b"")))
        connection.commit()


def _take_in(connection: sqlite3.Connection, path: Path, key: str | None, before: str | None) -> None:
    """Seal what was put aside by the steps, and let those who were two in two spellings be one."""
    now, put_aside = datetime.now(UTC), _tables(connection)
    for tables, work in ((encrypt_facts.TABLES, seal_facts), (TABLES, reseal)):
        if put_aside >= set(tables):
            transaction = SqliteTransaction(connection, seal_of(connection, path, key, make=True))
            work(transaction, now)
            for table in tables:
                connection.execute(f"DROP TABLE {table}")
            if work is seal_facts and before == _CASE_SENSITIVE:
                respell(transaction, now)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


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
