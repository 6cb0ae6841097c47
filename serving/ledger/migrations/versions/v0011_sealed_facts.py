"""What facts say of a person goes under the customer's own key, and hashes under a secret that outlives the ledger's.

Revision ID: 0011
Revises: 0010

Where there are facts they are put aside here, in tables whose names begin with `clear_`, and taken in again, sealed,
once all steps are done. Hashes stay as they are: the secret of a ledger from before is its key.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ASIDE = {
    "customers": "customer_id, attributes, time_zone, jurisdiction, identity",
    "contact_points": "*",
    "consents": "consent_id, customer_id, contact_point, basis",
    "suppressions": "*",
    "signals": "*",
    "outcomes": "outcome_id, customer_id, value",
}
_PROFILE = ("attributes", "time_zone", "jurisdiction", "identity")


def upgrade() -> None:
    """Replace what is in the clear by what is sealed."""
    if any(op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {table}")) for table in _ASIDE):  # noqa: S608
        for table, columns in _ASIDE.items():
            op.execute(f"CREATE TABLE clear_{table} AS SELECT {columns} FROM {table}")  # noqa: S608 - constants above
            op.create_index(f"clear_{table}_of", f"clear_{table}", ["customer_id"])
    op.add_column("seals", sa.Column("lasting", sa.LargeBinary()))
    for column in _PROFILE:
        op.drop_column("customers", column)
    op.add_column("customers", sa.Column("profile", sa.Text()))
    op.drop_column("outcomes", "value")
    op.add_column("outcomes", sa.Column("value", sa.Text()))
    op.execute("UPDATE consents SET contact_point = NULL, basis = NULL")
    op.execute("DELETE FROM suppressions")
    _contact_points()
    _signals()


def _contact_points() -> None:
    op.drop_table("contact_points")
    op.create_table(
        "contact_points",
        sa.Column("customer_id", sa.Text(), sa.ForeignKey("customers.customer_id"), primary_key=True),
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("contact_point", sa.Text(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
    )
    op.create_index("contact_points_by_name", "contact_points", ["contact_point"])


def _signals() -> None:
    op.drop_table("signals")
    op.create_table(
        "signals",
        sa.Column("signal_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
    )
    op.create_index("signals_of_customer", "signals", ["customer_id", "at", "signal_id", "entry"])
    op.create_table(
        "last_signals",
        sa.Column("customer_id", sa.Text(), primary_key=True),
        sa.Column("type", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("signal_id", sa.Text(), sa.ForeignKey("signals.signal_id"), nullable=False),
    )
