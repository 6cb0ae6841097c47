"""What was expected of each act, so that it can be seen whether probabilities come true.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the forecasts; acts from before have none."""
    op.create_table(
        "forecasts",
        sa.Column("decision_id", sa.Text(), sa.ForeignKey("decisions.decision_id"), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("propensity", sa.Float(), nullable=False),
        sa.Column("bin", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
    op.create_index("forecasts_by_end", "forecasts", ["until"])
