"""The kill switch: orders to stop and to resume, append-only.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from heed.serving.ledger.migrations.append_only import append_only

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the orders."""
    op.create_table(
        "stops",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("action_id", sa.Text()),
        sa.Column("message_class", sa.Text()),
        sa.Column("effect", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.CheckConstraint("(event = 'stop') = (effect IS NOT NULL)", name="stop_effect"),
        sa.CheckConstraint("event IN ('stop', 'resume')", name="stop_event"),
    )
    op.create_index("stops_of_scope", "stops", ["scope", "number"])
    append_only("stops", "number = NEW.number")
