"""The schema of the first release.

Revision ID: 0012

Earlier revisions were never released.
"""

import sqlalchemy as sa
from alembic import op

from heed.serving.ledger.audit.hash_chain import genesis_hash
from heed.serving.ledger.migrations.append_only import append_only

revision = "0012"
down_revision = None
branch_labels = None
depends_on = None

_SHARDS = 16
_WAITING = sa.text("delivered_at IS NULL AND withdrawn_at IS NULL")
# When a row is the one that is to be inserted.
_APPEND_ONLY = {
    "decisions": "decision_id = NEW.decision_id OR (client = NEW.client AND idempotency_key = NEW.idempotency_key)",
    "review_events": "review_id = NEW.review_id AND number = NEW.number",
    "objections": "objection_id = NEW.objection_id",
    "objectors": "customer = NEW.customer AND objection_id = NEW.objection_id",
    "stops": "number = NEW.number",
    "erasures": "subject = NEW.subject AND erased_at = NEW.erased_at",
    "links": "shard = NEW.shard AND position = NEW.position",
}


def upgrade() -> None:
    """Create the tables, their indexes, and the triggers that keep the record append-only; begin the hash chains."""
    for create in (
        _create_customers,
        _create_contact_points,
        _create_consents,
        _create_suppressions,
        _create_objections,
        _create_objectors,
        _create_signals,
        _create_last_signals,
        _create_contacts,
        _create_outcomes,
        _create_volumes,
        _create_decisions,
        _create_reviews,
        _create_review_events,
        _create_forecasts,
        _create_pins,
        _create_rule_counts,
        _create_outbox,
        _create_outbox_attempts,
        _create_disabled_endpoints,
        _create_stops,
        _create_seals,
        _create_data_keys,
        _create_erasures,
        _create_api_keys,
        _create_links,
        _create_heads,
    ):
        create()
    for table, same_row in _APPEND_ONLY.items():
        append_only(table, same_row)
    _begin_chains()


def _create_customers() -> None:
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.Text(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.BigInteger()),
        sa.Column("merged_into", sa.Text()),
        sa.Column("profile", sa.Text()),
    )
    op.create_index("customers_merged", "customers", ["merged_into"])


def _create_contact_points() -> None:
    op.create_table(
        "contact_points",
        sa.Column("customer_id", sa.Text(), sa.ForeignKey("customers.customer_id"), primary_key=True),
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("contact_point", sa.Text(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
    )
    op.create_index("contact_points_by_name", "contact_points", ["contact_point"])


def _create_consents() -> None:
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
        sa.Column("topic", sa.Text()),
        sa.Column("retired_at", sa.BigInteger()),
        sa.CheckConstraint("status IN ('granted', 'withdrawn')", name="consent_status"),
    )
    op.create_index("consents_of_customer", "consents", ["customer_id", "recorded_at", "consent_id"])


def _create_suppressions() -> None:
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


def _create_objections() -> None:
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


def _create_objectors() -> None:
    op.create_table(
        "objectors",
        sa.Column("customer", sa.Text(), primary_key=True),
        sa.Column("objection_id", sa.Text(), sa.ForeignKey("objections.objection_id"), primary_key=True),
    )


def _create_signals() -> None:
    op.create_table(
        "signals",
        sa.Column("signal_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
    )
    op.create_index("signals_of_customer", "signals", ["customer_id", "at", "signal_id", "entry"])


def _create_last_signals() -> None:
    op.create_table(
        "last_signals",
        sa.Column("customer_id", sa.Text(), primary_key=True),
        sa.Column("type", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("signal_id", sa.Text(), sa.ForeignKey("signals.signal_id"), nullable=False),
    )


def _create_contacts() -> None:
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
        sa.Column("cost", sa.Float(), nullable=False, server_default="0"),
        sa.CheckConstraint("state IN ('reserved', 'executed', 'released')", name="contact_state"),
    )
    op.create_index("contacts_of_customer", "contacts", ["customer_id", "at", "contact_id"])


def _create_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("outcome_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.Text()),
        sa.Column("contact_id", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text()),
    )
    op.create_index("outcomes_of_customer", "outcomes", ["customer_id", "at", "outcome_id"])
    op.create_index("outcomes_of_decision", "outcomes", ["decision_id"])


def _create_volumes() -> None:
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


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text()),
        sa.Column("proposed_action_id", sa.Text()),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("policy_hash", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False, server_default=""),
        sa.CheckConstraint("disposition IN ('act', 'hold', 'review')", name="decision_disposition"),
        sa.UniqueConstraint("client", "idempotency_key", name="one_decision_per_key"),
    )
    op.create_index("decisions_by_time", "decisions", ["at", "decision_id"])
    op.create_index("decisions_of_key", "decisions", ["key_id", "at", "decision_id"])


def _create_reviews() -> None:
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
        sa.Column("shortfall", sa.Float()),
        sa.CheckConstraint(
            "state IN ('open', 'claimed', 'approved', 'overridden', 'rejected', 'expired')", name="review_state"
        ),
    )
    op.create_index("reviews_by_state", "reviews", ["state", "opened_at", "review_id"])
    op.create_index("reviews_of_customer", "reviews", ["customer_id", "opened_at"])


def _create_review_events() -> None:
    op.create_table(
        "review_events",
        sa.Column("review_id", sa.Text(), sa.ForeignKey("reviews.review_id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text()),
        sa.Column("detail", sa.Text()),
    )


def _create_forecasts() -> None:
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


def _create_pins() -> None:
    op.create_table(
        "pins",
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
    )


def _create_rule_counts() -> None:
    op.create_table(
        "rule_counts",
        sa.Column("rule", sa.Text(), primary_key=True),
        sa.Column("evaluated", sa.BigInteger(), nullable=False),
        sa.Column("suppressed", sa.BigInteger(), nullable=False),
        sa.Column("reviewed", sa.BigInteger(), nullable=False),
        sa.Column("errored", sa.BigInteger(), nullable=False),
        sa.Column("observed", sa.BigInteger(), nullable=False),
        sa.Column("fired_before", sa.BigInteger(), nullable=False),
        sa.Column("fired_now", sa.BigInteger(), nullable=False),
        sa.Column("decisions_now", sa.BigInteger(), nullable=False),
        sa.Column("last_fired", sa.BigInteger()),
        sa.Column("silent_since", sa.BigInteger()),
    )


def _create_outbox() -> None:
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
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.Column("withdrawn_because", sa.Text()),
        sa.Column("ready_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("unsettled", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("holder", sa.Text()),
        sa.UniqueConstraint("decision_id", "kind", name="one_message_of_a_kind"),
    )
    op.create_index(
        "outbox_by_age", "outbox", ["created_at", "outbox_id"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )
    op.create_index(
        "outbox_ready", "outbox", ["ready_at", "outbox_id"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )


def _create_outbox_attempts() -> None:
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


def _create_disabled_endpoints() -> None:
    op.create_table(
        "disabled_endpoints",
        sa.Column("endpoint", sa.Text(), primary_key=True),
        sa.Column("disabled_at", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
    )


def _create_stops() -> None:
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


def _create_seals() -> None:
    op.create_table(
        "seals",
        sa.Column("mark", sa.Text(), primary_key=True),
        sa.Column("lasting", sa.LargeBinary()),
    )


def _create_data_keys() -> None:
    op.create_table(
        "data_keys",
        sa.Column("key_id", sa.Text(), primary_key=True),
        sa.Column("customer_id", sa.Text(), nullable=False, unique=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )


def _create_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("erased_at", sa.BigInteger(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("used_at", sa.BigInteger()),
    )


def _create_links() -> None:
    op.create_table(
        "links",
        sa.Column("shard", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.UniqueConstraint("kind", "record", "part", name="linked_once"),
    )


def _create_heads() -> None:
    op.create_table(
        "heads",
        sa.Column("shard", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
    )


def _begin_chains() -> None:
    heads = sa.table("heads", sa.column("shard"), sa.column("position"), sa.column("hash"))
    rows = [{"shard": shard, "position": 0, "hash": genesis_hash(shard)} for shard in range(_SHARDS)]
    op.bulk_insert(heads, rows)
