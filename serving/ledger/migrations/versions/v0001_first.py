"""The first shape of the ledger.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

from heed.serving.ledger.migrations.append_only import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_APPEND_ONLY = {
    "decisions": "decision_id = NEW.decision_id OR (client = NEW.client AND idempotency_key = NEW.idempotency_key)",
    "review_events": "review_id = NEW.review_id AND number = NEW.number",
}


def upgrade() -> None:
    """Create the tables, their indexes, and the triggers that keep the record append-only."""
    for create in (_customers, _contact_points, _consents, _suppressions, _signals, _contacts, _outcomes):
        create()
    for create in (_decisions, _reviews, _review_events, _outbox):
        create()
    for table, same_row in _APPEND_ONLY.items():
        append_only(table, same_row)


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("contact_point", sa.Text()),
        sa.Column("basis", sa.Text()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status IN ('granted', 'withdrawn')", name="consent_status"),
    )
    op.create_index("consents_of_customer", "consents", ["customer_id", "recorded_at", "consent_id"])


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("contact_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("message_class", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.Text(), unique=True),
        sa.Column("report_id", sa.Text(), unique=True),
        sa.Column("source", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('reserved', 'executed', 'released')", name="contact_state"),
    )
    op.create_index("contacts_of_customer", "contacts", ["customer_id", "at", "contact_id"])


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.Text(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text()),
        sa.Column("jurisdiction", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text()),
        sa.Column("proposed_action_id", sa.Text()),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("policy_hash", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("client", "idempotency_key", name="one_decision_per_key"),
        sa.CheckConstraint("disposition IN ('act', 'hold', 'review')", name="decision_disposition"),
    )
    op.create_index("decisions_by_time", "decisions", ["at", "decision_id"])
    op.create_index("decisions_of_customer", "decisions", ["customer_id", "at", "decision_id"])


def _outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("outcome_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.Text()),
        sa.Column("contact_id", sa.Text()),
        sa.Column("value", sa.Float()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("outcomes_of_customer", "outcomes", ["customer_id", "at", "outcome_id"])
    op.create_index("outcomes_of_decision", "outcomes", ["decision_id"])


def _signals() -> None:
    op.create_table(
        "signals",
        sa.Column("signal_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("certainty", sa.Float(), nullable=False),
        sa.Column("value", sa.Float()),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("certainty > 0 AND certainty <= 1", name="signal_certainty"),
    )
    op.create_index("signals_of_customer", "signals", ["customer_id", "at", "signal_id", "entry"])


def _suppressions() -> None:
    op.create_table(
        "suppressions",
        sa.Column("suppression_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("until", sa.BigInteger()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("suppressions_of_customer", "suppressions", ["customer_id", "recorded_at", "suppression_id"])


def _contact_points() -> None:
    op.create_table(
        "contact_points",
        sa.Column("customer_id", sa.Text(), sa.ForeignKey("customers.customer_id"), primary_key=True),
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("contact_point", sa.Text(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.Text(), primary_key=True),
        sa.Column("decision_id", sa.Text(), sa.ForeignKey("decisions.decision_id"), nullable=False),
        sa.Column("contact_id", sa.Text(), sa.ForeignKey("contacts.contact_id"), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.UniqueConstraint("decision_id", "kind", name="one_message_of_a_kind"),
    )
    op.create_index("outbox_waiting", "outbox", ["delivered_at", "created_at", "outbox_id"])


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.Text(), primary_key=True),
        sa.Column("decision_id", sa.Text(), sa.ForeignKey("decisions.decision_id"), nullable=False, unique=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_action_id", sa.Text()),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("claim_expires_at", sa.BigInteger()),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger()),
        sa.Column("resolved_by", sa.Text()),
        sa.Column("resolution_action_id", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.CheckConstraint(
            "state IN ('open', 'claimed', 'approved', 'overridden', 'rejected', 'expired')", name="review_state"
        ),
    )
    op.create_index("reviews_by_state", "reviews", ["state", "opened_at", "review_id"])
    op.create_index("reviews_of_customer", "reviews", ["customer_id", "opened_at"])


def _review_events() -> None:
    op.create_table(
        "review_events",
        sa.Column("review_id", sa.Text(), sa.ForeignKey("reviews.review_id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text()),
        sa.Column("detail", sa.Text()),
    )
