"""Messages on their way to executors, and what stops them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from heed.serving.ledger.tables.base import metadata

_OPEN = text("delivered_at IS NULL AND withdrawn_at IS NULL")

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
    Column("withdrawn_at", BigInteger),
    Column("withdrawn_because", Text),
    # When it can be handed over at the earliest; while an executor has it, when that one's time is over.
    Column("ready_at", BigInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # Attempts of which nobody knows whether the executor has the message.
    Column("unsettled", Integer, nullable=False, server_default="0"),
    Column("holder", Text),
    UniqueConstraint("decision_id", "kind", name="one_message_of_a_kind"),
    Index("outbox_ready", "ready_at", "outbox_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("outbox_by_age", "created_at", "outbox_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
)

# Each time a message was handed to an executor. Of what was answered nothing but the status is kept.
outbox_attempts = Table(
    "outbox_attempts",
    metadata,
    Column("outbox_id", Text, ForeignKey("outbox.outbox_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("result", Text),
    Column("status", Integer),
)

# Executors that said 410, under a hash of their URL, until somebody enables them again.
disabled_endpoints = Table(
    "disabled_endpoints",
    metadata,
    Column("endpoint", Text, primary_key=True),
    Column("disabled_at", BigInteger, nullable=False),
    Column("because", Text, nullable=False),
)

# Orders to stop and to resume, in order. The last one of a scope holds; `scope` spells out what it is about.
stops = Table(
    "stops",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("channel", Text),
    Column("action_id", Text),
    Column("message_class", Text),
    Column("effect", Text),
    Column("reason", Text, nullable=False),
    Column("ordered_by", Text, nullable=False),
    CheckConstraint("(event = 'stop') = (effect IS NOT NULL)", name="stop_effect"),
    CheckConstraint("event IN ('stop', 'resume')", name="stop_event"),
    Index("stops_of_scope", "scope", "number"),
)
