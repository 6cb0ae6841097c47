"""Which shape a ledger in PostgreSQL has, and refusing one that is not there yet."""

from typing import Any

from psycopg import Connection

from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.ledger.migrations.revisions import refuse_other_shape


def require_present_shape(connection: Connection[Any], location: PostgresLocation) -> None:
    """Refuse a database that holds no ledger, or one that is older or newer than this code.

    Raises
    ------
    Unavailable
        With the command that mends it.
    """
    refuse_other_shape(shape(connection), location)


def shape(connection: Connection[Any]) -> str | None:
    """The last step that was taken, None where there is no ledger."""
    there = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    if there is None or not there[0]:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])
