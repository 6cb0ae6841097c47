"""What a person is expected to save by a review case, so that the queue can be worked through in that order.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the shortfall; in cases from before it is unknown."""
    op.add_column("reviews", sa.Column("shortfall", sa.Float()))
