"""Which shape a ledger in a file has, and refusing one that is not there yet."""

import sqlite3
from pathlib import Path

from heed.serving.ledger.migrations.revisions import refuse_other_shape


def require_present_shape(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is no ledger, or a ledger that is older or newer than this code.

    Raises
    ------
    Unavailable
        With the command that mends it.
    """
    refuse_other_shape(shape(connection), path)


def shape(connection: sqlite3.Connection) -> str | None:
    """The last step that was taken, None where there is no ledger."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])
