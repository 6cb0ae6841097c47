"""What was decided, by heed and by people, on what, and what was expected of it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from heed.serving.ledger.tables.base import metadata

# Decisions are never rewritten, so what is personal in them is out of reach without the customer's own key: `subject`,
# `idempotency_key` and `fingerprint` are keyed hashes, `answer` and `receipt` are sealed (see
# `heed.serving.ledger.encryption.data_keys`).
decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("client", Text, nullable=False),
    Column("idempotency_key", Text),
    Column("fingerprint", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("action_id", Text),
    Column("proposed_action_id", Text),
    Column("model_version", Text, nullable=False),
    Column("policy_hash", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False, server_default=""),
    UniqueConstraint("client", "idempotency_key", name="one_decision_per_key"),
    CheckConstraint("disposition IN ('act', 'hold', 'review')", name="decision_disposition"),
    Index("decisions_of_key", "key_id", "at", "decision_id"),
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
    Column("shortfall", Float),
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

# What was expected of each act: the probability that was stated, and until when the outcome counts.
forecasts = Table(
    "forecasts",
    metadata,
    Column("decision_id", Text, ForeignKey("decisions.decision_id"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("bin", Integer, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("forecasts_by_end", "until"),
)

# Policies and catalogues that have decided, word for word, under the SHA-256 of their text.
pins = Table(
    "pins",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)

# What each rule has said, written in batches; `last_fired` is the latest moment at which it objected.
rule_counts = Table(
    "rule_counts",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("evaluated", BigInteger, nullable=False),
    Column("suppressed", BigInteger, nullable=False),
    Column("reviewed", BigInteger, nullable=False),
    Column("errored", BigInteger, nullable=False),
    Column("observed", BigInteger, nullable=False),
    Column("fired_before", BigInteger, nullable=False),
    Column("fired_now", BigInteger, nullable=False),
    Column("decisions_now", BigInteger, nullable=False),
    Column("last_fired", BigInteger),
    Column("silent_since", BigInteger),
)
