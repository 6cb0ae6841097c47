"""What is personal in the record goes under a key of the customer's own.

Revision ID: 0007
Revises: 0006

Decisions and review events cannot be rewritten. Where there are some they are put aside here, in tables whose names
begin with `unsealed_`, and taken in again, sealed and linked anew, once all steps are done.
"""

import sqlalchemy as sa
from alembic import op

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.migrations.append_only import append_only

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_REWRITTEN = {
    "review_events": "review_id = NEW.review_id AND number = NEW.number",
    "decisions": "decision_id = NEW.decision_id OR (client = NEW.client AND idempotency_key = NEW.idempotency_key)",
    "links": "shard = NEW.shard AND position = NEW.position",
}


def upgrade() -> None:
    """Add keys and erasures, and let decisions name nobody."""
    held = bool(op.get_bind().scalar(sa.text("SELECT count(*) FROM decisions")))
    if held:
        _put_aside()
    op.drop_index("decisions_of_customer", "decisions")
    op.execute("ALTER TABLE decisions RENAME COLUMN customer_id TO subject")
    op.add_column("decisions", sa.Column("key_id", sa.Text(), nullable=False, server_default=""))
    op.create_index("decisions_of_key", "decisions", ["key_id", "at", "decision_id"])
    if held:
        for table, same_row in _REWRITTEN.items():
            append_only(table, same_row)
    op.create_table(
        "data_keys",
        sa.Column("key_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False, unique=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("erased_at", sa.BigInteger(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    append_only("erasures", "subject = NEW.subject AND erased_at = NEW.erased_at")


def _put_aside() -> None:
    if op.get_bind().dialect.name == "postgresql":
        remedy = "begin a new ledger; none with decisions in the clear was ever released for PostgreSQL"
        raise Unavailable("the ledger holds decisions that are not sealed", field="ledger", remedy=remedy)
    for table in _REWRITTEN:
        for what in ("updated", "deleted", "replaced"):
            op.execute(f"DROP TRIGGER {table}_never_{what}")
        if table != "links":
            op.execute(f"CREATE TABLE unsealed_{table} AS SELECT * FROM {table}")  # noqa: S608 - a constant above
        op.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant above
    op.execute("DELETE FROM heads")
