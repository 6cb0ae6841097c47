"""Bringing a ledger to the present shape, and refusing a file that is not there yet."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from decisioning.errors import Unavailable
from serving.ledger import sealing_facts
from serving.ledger.adopting import adopt
from serving.ledger.faults import unavailable
from serving.ledger.hashing import teach
from serving.ledger.location import Location, PostgresLocation, located
from serving.ledger.lock import FileLock
from serving.ledger.postgres import migrating as postgres
from serving.ledger.resealing import TABLES, reseal
from serving.ledger.respelling import respell
from serving.ledger.sealing import Seal, seal_of
from serving.ledger.sealing_facts import seal_facts
from serving.ledger.steps import refuse_other_shape, take_steps
from serving.ledger.transaction import SqliteTransaction

# The last shape in which two spellings of an id were two people.
_CASE_SENSITIVE = "0001"


def upgrade(location: str | Location, key: str | None = None) -> None:
    """Create the ledger, or bring it to the present shape, all steps or none.

    Parameters
    ----------
    location : str, Path or PostgresLocation
        A path, a ``sqlite:///`` or a ``postgresql://`` URL. Missing folders are made, a database is not; a new file is
        readable by its owner alone.
    key : str, optional
        The ledger's, needed where records from before have to be sealed; absent means the one beside the ledger.

    Raises
    ------
    Unavailable
        If another process writes to the ledger's file, or file or database cannot be written.
    """
    place = located(location)
    if isinstance(place, PostgresLocation):
        postgres.upgrade(place, key)
    else:
        _upgrade(place, key)


def _upgrade(path: Path, key: str | None) -> None:
    _make(path)
    lock = FileLock(path)
    try:
        _run(path, key)
    except (sqlite3.Error, DBAPIError) as error:
        raise unavailable(_cause(error)) from error
    finally:
        lock.release()


def require_present_shape(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is no ledger, or a ledger that is older or newer than this code.

    Raises
    ------
    Unavailable
        With the command that mends it.
    """
    refuse_other_shape(_shape(connection), path)


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
        before = _shape(_driver(connection))
        teach(_driver(connection))
        take_steps(connection)
        _take_in(_driver(connection), path, key, before)
        adopt(SqliteTransaction(_driver(connection), Seal(b"")))
        connection.commit()


def _take_in(connection: sqlite3.Connection, path: Path, key: str | None, before: str | None) -> None:
    """Seal what was put aside by the steps, and let those who were two in two spellings be one."""
    now, put_aside = datetime.now(UTC), _tables(connection)
    for tables, work in ((sealing_facts.TABLES, seal_facts), (TABLES, reseal)):
        if put_aside >= set(tables):
            transaction = SqliteTransaction(connection, seal_of(connection, path, key, make=True))
            work(transaction, now)
            for table in tables:
                connection.execute(f"DROP TABLE {table}")
            if work is seal_facts and before == _CASE_SENSITIVE:
                respell(transaction, now)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _shape(connection: sqlite3.Connection) -> str | None:
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
