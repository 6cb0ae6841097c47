"""Hash chains over the append-only tables.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from heed.serving.ledger.migrations.append_only import append_only

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; the records from before are linked once all steps are done."""
    op.create_table(
        "links",
        sa.Column("shard", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "record", "part", "digest", "hash")],
        sa.UniqueConstraint("kind", "record", "part", name="linked_once"),
    )
    op.create_table(
        "heads",
        sa.Column("shard", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
    )
    append_only("links", "shard = NEW.shard AND position = NEW.position")
