"""Messages that are handed to executors again and again: when, how often, to whom, and what came of it.

Revision ID: 0010
Revises: 0009
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; messages that wait are ready at once."""
    number: dict[str, Any] = {"nullable": False, "server_default": "0"}
    op.add_column("outbox", sa.Column("ready_at", sa.BigInteger(), **number))
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), **number))
    op.add_column("outbox", sa.Column("unsettled", sa.Integer(), **number))
    op.add_column("outbox", sa.Column("holder", sa.Text()))
    op.drop_index("outbox_waiting", "outbox")
    waiting = sa.text("delivered_at IS NULL AND withdrawn_at IS NULL")
    for name, column in (("outbox_ready", "ready_at"), ("outbox_by_age", "created_at")):
        op.create_index(name, "outbox", [column, "outbox_id"], sqlite_where=waiting, postgresql_where=waiting)
    _attempts()
    op.create_table(
        "disabled_endpoints",
        sa.Column("endpoint", sa.Text(), primary_key=True),
        sa.Column("disabled_at", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
    )


def _attempts() -> None:
    op.create_table(
        "outbox_attempts",
        sa.Column("outbox_id", sa.Text(), sa.ForeignKey("outbox.outbox_id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("result", sa.Text()),
        sa.Column("status", sa.Integer()),
    )
