"""What happened to customers: what they did, what they were contacted with, and what came of it."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Float, Index, Table, Text

from serving.ledger.tables.base import metadata

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
    Column("cost", Float, nullable=False, server_default="0"),
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

# Slots reserved and executed per action, by the time of reservation, in quarters of an hour and once more in hours and
# days of UTC: a window is read as few long stretches with short ones at its edge, in order of the key.
volumes = Table(
    "volumes",
    metadata,
    Column("span", BigInteger, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("action_id", Text, primary_key=True),
    Column("contacts", BigInteger, nullable=False),
    Column("spent", Float, nullable=False),
    sqlite_with_rowid=False,
)
