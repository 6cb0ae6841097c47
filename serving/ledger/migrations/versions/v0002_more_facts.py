"""What guardrails ask for: topics, zones of contact points, identity, objections, volumes, what rules have said.

Revision ID: 0002
Revises: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from heed.serving.ledger.migrations.append_only import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_APPEND_ONLY = {
    "objections": "objection_id = NEW.objection_id",
    "objectors": "customer = NEW.customer AND objection_id = NEW.objection_id",
}


def upgrade() -> None:
    """Add columns, tables and indexes; objections are append-only."""
    _columns()
    for create in (_objections, _objectors, _seals, _volumes, _rule_counts):
        create()
    for table, same_row in _APPEND_ONLY.items():
        append_only(table, same_row)


def _columns() -> None:
    added: dict[str, list[sa.Column[Any]]] = {
        "customers": [
            sa.Column("identity", sa.Float()),
            sa.Column("reported_at", sa.BigInteger()),
            sa.Column("merged_into", sa.Text()),
        ],
        "contact_points": [sa.Column("time_zones", sa.Text(), nullable=False, server_default="[]")],
        "consents": [sa.Column("topic", sa.Text()), sa.Column("retired_at", sa.BigInteger())],
        "contacts": [sa.Column("cost", sa.Float(), nullable=False, server_default="0")],
        "outbox": [sa.Column("withdrawn_at", sa.BigInteger()), sa.Column("withdrawn_because", sa.Text())],
    }
    for table, columns in added.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("customers_merged", "customers", ["merged_into"])
    op.create_index("contact_points_by_name", "contact_points", ["contact_point"])


def _objections() -> None:
    op.create_table(
        "objections",
        sa.Column("objection_id", sa.Text(), primary_key=True),
        sa.Column("customer", sa.Text()),
        sa.Column("contact_point", sa.Text()),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("customer IS NOT NULL OR contact_point IS NOT NULL", name="objection_subject"),
    )
    op.create_index("objections_of_contact_point", "objections", ["contact_point"])


def _objectors() -> None:
    op.create_table(
        "objectors",
        sa.Column("customer", sa.Text(), primary_key=True),
        sa.Column("objection_id", sa.Text(), sa.ForeignKey("objections.objection_id"), primary_key=True),
    )


def _seals() -> None:
    op.create_table("seals", sa.Column("mark", sa.Text(), primary_key=True))


def _volumes() -> None:
    op.create_table(
        "volumes",
        sa.Column("span", sa.BigInteger(), primary_key=True),
        sa.Column("start", sa.BigInteger(), primary_key=True),
        sa.Column("action_id", sa.Text(), primary_key=True),
        sa.Column("contacts", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.Float(), nullable=False),
        sqlite_with_rowid=False,
    )


def _rule_counts() -> None:
    counts = ("evaluated", "suppressed", "reviewed", "errored", "observed", "fired_before", "fired_now")
    op.create_table(
        "rule_counts",
        sa.Column("rule", sa.Text(), primary_key=True),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in (*counts, "decisions_now")],
        sa.Column("last_fired", sa.BigInteger()),
        sa.Column("silent_since", sa.BigInteger()),
    )
