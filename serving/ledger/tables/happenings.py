"""What happened to customers: what they did, what they were contacted with, and what came of it."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text

from heed.serving.ledger.tables.base import metadata

# A decision reads a customer's signals in one piece: `entry` is all that a signal says, sealed under the customer's key
# (`heed.serving.ledger.encryption.batch`), and the index holds it: a history is one run of pages and one string of
# bytes.
signals = Table(
    "signals",
    metadata,
    Column("signal_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Index("signals_of_customer", "customer_id", "at", "signal_id", "entry"),
)

# The last signal of each type, told apart by a hash under the customer's key: it is read however old it is.
last_signals = Table(
    "last_signals",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("signal_id", Text, ForeignKey("signals.signal_id"), nullable=False),
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
    Column("received_at", BigInteger, nullable=False),
    Column("value", Text),
    Index("outcomes_of_customer", "customer_id", "at", "outcome_id"),
    Index("outcomes_of_decision", "decision_id"),
)

# Slots reserved and executed per action, by the time of reservation, in quarters of an hour and once more in hours and
# days of UTC: a window is read as few long stretches with short ones at its edge, in order of the key. Those who write
# at once do so in as many shards, which are added up when they are read.
volumes = Table(
    "volumes",
    metadata,
    Column("span", BigInteger, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("action_id", Text, primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False, server_default="0"),
    Column("contacts", BigInteger, nullable=False),
    Column("spent", Float, nullable=False),
    sqlite_with_rowid=False,
)
