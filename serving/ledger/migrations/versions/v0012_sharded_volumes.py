"""Volumes in shards, so that those who count at once do not wait for each other.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KEY = ["span", "start", "action_id", "shard"]


def upgrade() -> None:
    """Make the shard a part of the key; what was counted before is in the first."""
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("volumes", sa.Column("shard", sa.Integer(), nullable=False, server_default="0"))
        op.drop_constraint("volumes_pkey", "volumes")
        op.create_primary_key("volumes_pkey", "volumes", _KEY)
    else:
        _made_anew()


def _made_anew() -> None:
    # SQLite changes no key.
    op.rename_table("volumes", "volumes_before")
    op.create_table(
        "volumes",
        sa.Column("span", sa.BigInteger(), primary_key=True),
        sa.Column("start", sa.BigInteger(), primary_key=True),
        sa.Column("action_id", sa.Text(), primary_key=True),
        sa.Column("shard", sa.Integer(), primary_key=True, autoincrement=False, server_default="0"),
        sa.Column("contacts", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.Float(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO volumes (span, start, action_id, contacts, spent)"
        " SELECT span, start, action_id, contacts, spent FROM volumes_before"
    )
    op.drop_table("volumes_before")
