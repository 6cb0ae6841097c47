"""The ledger's tables. Times are integer microseconds in UTC; documents are JSON text.

`customers.version` grows with every fact about the customer, in the same transaction as the fact. A decision names the
version it was made on and commits only while that is still the version.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

customers = Table(
    "customers",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("time_zone", Text),
    Column("jurisdiction", Text),
    Column("created_at", BigInteger, nullable=False),
)

contact_points = Table(
    "contact_points",
    metadata,
    Column("customer_id", Text, ForeignKey("customers.customer_id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("contact_point", Text, primary_key=True),
    Column("position", Integer, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("consent_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("contact_point", Text),
    Column("basis", Text),
    Column("expires_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    CheckConstraint("status IN ('granted', 'withdrawn')", name="consent_status"),
    Index("consents_of_customer", "customer_id", "recorded_at", "consent_id"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("suppression_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("channel", Text),
    Column("until", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Index("suppressions_of_customer", "customer_id", "recorded_at", "suppression_id"),
)

# A decision reads a customer's signals in one piece: `entry` says a whole signal once more as a JSON array, and the
# index holds it, so that a history is one run of pages and one string.
signals = Table(
    "signals",
    metadata,
    Column("signal_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("channel", Text),
    Column("certainty", Float, nullable=False),
    Column("value", Float),
    Column("entry", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    CheckConstraint("certainty > 0 AND certainty <= 1", name="signal_certainty"),
    Index("signals_of_customer", "customer_id", "at", "signal_id", "entry"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("action_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("message_class", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("decision_id", Text, unique=True),
    Column("report_id", Text, unique=True),
    Column("source", Text),
    Column("received_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('reserved', 'executed', 'released')", name="contact_state"),
    Index("contacts_of_customer", "customer_id", "at", "contact_id"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("outcome_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("decision_id", Text),
    Column("contact_id", Text),
    Column("value", Float),
    Column("received_at", BigInteger, nullable=False),
    Index("outcomes_of_customer", "customer_id", "at", "outcome_id"),
    Index("outcomes_of_decision", "decision_id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("client", Text, nullable=False),
    Column("idempotency_key", Text),
    Column("fingerprint", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("action_id", Text),
    Column("proposed_action_id", Text),
    Column("model_version", Text, nullable=False),
    Column("policy_hash", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    UniqueConstraint("client", "idempotency_key", name="one_decision_per_key"),
    CheckConstraint("disposition IN ('act', 'hold', 'review')", name="decision_disposition"),
    Index("decisions_of_customer", "customer_id", "at", "decision_id"),
    Index("decisions_by_time", "at", "decision_id"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("review_id", Text, primary_key=True),
    Column("decision_id", Text, ForeignKey("decisions.decision_id"), nullable=False, unique=True),
    Column("customer_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("proposed_action_id", Text),
    Column("opened_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("claimed_by", Text),
    Column("claim_expires_at", BigInteger),
    Column("fence", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("resolved_by", Text),
    Column("resolution_action_id", Text),
    Column("note", Text),
    CheckConstraint(
        "state IN ('open', 'claimed', 'approved', 'overridden', 'rejected', 'expired')", name="review_state"
    ),
    Index("reviews_by_state", "state", "opened_at", "review_id"),
    Index("reviews_of_customer", "customer_id", "opened_at"),
)

review_events = Table(
    "review_events",
    metadata,
    Column("review_id", Text, ForeignKey("reviews.review_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("actor", Text),
    Column("detail", Text),
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", Text, primary_key=True),
    Column("decision_id", Text, ForeignKey("decisions.decision_id"), nullable=False),
    Column("contact_id", Text, ForeignKey("contacts.contact_id"), nullable=False),
    Column("action_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("delivered_at", BigInteger),
    UniqueConstraint("decision_id", "kind", name="one_message_of_a_kind"),
    Index("outbox_waiting", "delivered_at", "created_at", "outbox_id"),
)

APPEND_ONLY = (decisions, review_events)
