"""Create a ledger in PostgreSQL, or bring it to the current schema."""

import math
from typing import Any

import psycopg
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.ledger.migrations import revisions
from heed.serving.ledger.postgres.errors import unavailable_error
from heed.serving.ledger.postgres.limits import Limits

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('heed upgrade', 0))"

# Names are compared byte for byte, as SQLite does: a locale would order ids in its own way, and change with the system.
_BYTE_FOR_BYTE = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
    LOOP
        EXECUTE format('ALTER TABLE %%I ALTER COLUMN %%I TYPE text COLLATE "C"', found.table_name, found.column_name);
    END LOOP;
END $$
"""


def require_current_schema(connection: psycopg.Connection[Any], location: PostgresLocation) -> None:
    """Refuse a database that holds no ledger, or one of another schema than this code's.

    Raises
    ------
    Unavailable
        With the command that mends it.
    """
    revisions.require_current(_revision(connection), location)


def upgrade(location: PostgresLocation) -> None:
    """Create the ledger's tables, or bring them to the current schema, all or none; one process at a time.

    Raises
    ------
    Unavailable
        If PostgreSQL cannot be reached or refuses a revision, or the ledger is one that cannot be upgraded.
    """
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(location.url, connect_timeout=math.ceil(Limits().connect)),
        poolclass=NullPool,
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(_ONE_AT_A_TIME)
            revisions.require_known(_revision(_driver(connection)), location)
            revisions.apply(connection)
            connection.exec_driver_sql(_BYTE_FOR_BYTE)
            connection.commit()
    except psycopg.Error as error:
        raise unavailable_error(error) from error
    except DBAPIError as error:
        raise unavailable_error(_cause(error)) from error


def _revision(connection: psycopg.Connection[Any]) -> str | None:
    """The last revision that was applied, None where there is no ledger."""
    there = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    if there is None or not there[0]:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(f"not a connection to PostgreSQL: {type(raw).__name__}")
    return raw


def _cause(error: DBAPIError) -> psycopg.Error:
    return error.orig if isinstance(error.orig, psycopg.Error) else psycopg.OperationalError(type(error).__name__)
