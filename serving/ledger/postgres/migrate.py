"""Bringing a ledger in PostgreSQL to the present shape."""

import math
from datetime import UTC, datetime

import psycopg
from sqlalchemy import Connection, NullPool, create_engine, inspect
from sqlalchemy.exc import DBAPIError

from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.ledger.migrations.backfill_chain import adopt
from heed.serving.ledger.migrations.encrypt_facts import TABLES, seal_facts
from heed.serving.ledger.migrations.revisions import take_steps
from heed.serving.ledger.postgres.errors import unavailable
from heed.serving.ledger.postgres.key_check import seal_in
from heed.serving.ledger.postgres.limits import Limits
from heed.serving.ledger.postgres.stall_watchdog import StallWatchdog
from heed.serving.ledger.postgres.transaction import PostgresTransaction

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('heed upgrade', 0))"

# Nobody waits for a step; one of a large table takes what it takes.
_NO_HURRY = 24 * 3600.0
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


def upgrade(location: PostgresLocation, key: str | None = None) -> None:
    """Create the ledger's tables, or bring them to the present shape, all steps or none; one process at a time.

    Parameters
    ----------
    key : str, optional
        The ledger's, needed where facts from before have to be sealed.

    Raises
    ------
    Unavailable
        If PostgreSQL cannot be reached or refuses a step, or the key is needed and missing.
    """
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(location.url, connect_timeout=math.ceil(Limits().connect)),
        poolclass=NullPool,
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(_ONE_AT_A_TIME)
            take_steps(connection)
            _take_in(connection, location, key)
            connection.exec_driver_sql(_BYTE_FOR_BYTE)
            connection.commit()
    except psycopg.Error as error:
        raise unavailable(error) from error
    except DBAPIError as error:
        raise unavailable(_cause(error)) from error


def _take_in(connection: Connection, location: PostgresLocation, key: str | None) -> None:
    """Seal what was put aside by the steps, and begin the chains."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"not a connection to PostgreSQL: {type(driver).__name__}")
    watch = StallWatchdog(_NO_HURRY)
    try:
        if set(inspect(connection).get_table_names()) >= set(TABLES):
            seal_facts(PostgresTransaction(driver, seal_in(driver, location, key, make=True), watch), datetime.now(UTC))
            for table in TABLES:
                connection.exec_driver_sql(f"DROP TABLE {table}")
        adopt(PostgresTransaction(driver, KeyRing(b""), watch))
    finally:
        watch.close()


def _cause(error: DBAPIError) -> psycopg.Error:
    return error.orig if isinstance(error.orig, psycopg.Error) else psycopg.OperationalError(type(error).__name__)
