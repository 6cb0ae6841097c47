"""Every table of the ledger, and the parts that its statements share.

Times are integer microseconds in UTC; documents are JSON text. A table is written by one module alone, which owns it;
statements of other modules may join it to read.

`customers.version` grows with every fact about the customer, in the same transaction as the fact. A decision names the
version it was made on and commits only while that is still the version. A customer who was merged into another keeps a
row that says into whom (`merged_into`); consents that a merge replaced stay on record, with the time they were retired.

What describes or reaches a person is encrypted under the customer's own key (`encryption.pii`): profiles, contact
points, the basis of a consent, the reason of a suppression. A contact point is found by its keyed hash. Objections hold
contact points and customers as keyed hashes alone (`backend.key_ring`).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    select,
    text,
)


def pick(table: Table, columns: str) -> Select[Any]:
    """These columns, in this order."""
    return select(*[table.c[name] for name in columns.split()])


SCHEMA = MetaData()

customers = Table(
    "customers",
    SCHEMA,
    Column("customer_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("reported_at", BigInteger),
    Column("merged_into", Text),
    Column("profile", Text),
    Index("customers_merged", "merged_into"),
)

contact_points = Table(
    "contact_points",
    SCHEMA,
    Column("customer_id", Text, ForeignKey("customers.customer_id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("contact_point", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("sealed", Text, nullable=False),
    Index("contact_points_by_name", "contact_point"),
)

consents = Table(
    "consents",
    SCHEMA,
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
    Column("topic", Text),
    Column("retired_at", BigInteger),
    CheckConstraint("status IN ('granted', 'withdrawn')", name="consent_status"),
    Index("consents_of_customer", "customer_id", "recorded_at", "consent_id"),
)

suppressions = Table(
    "suppressions",
    SCHEMA,
    Column("suppression_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("channel", Text),
    Column("until", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Index("suppressions_of_customer", "customer_id", "recorded_at", "suppression_id"),
)

objections = Table(
    "objections",
    SCHEMA,
    Column("objection_id", Text, primary_key=True),
    Column("customer", Text),
    Column("contact_point", Text),
    Column("recorded_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    CheckConstraint("customer IS NOT NULL OR contact_point IS NOT NULL", name="objection_subject"),
    Index("objections_of_contact_point", "contact_point"),
)

# Whom an objection has hit. It stays with them when the contact point is theirs no longer.
objectors = Table(
    "objectors",
    SCHEMA,
    Column("customer", Text, primary_key=True),
    Column("objection_id", Text, ForeignKey("objections.objection_id"), primary_key=True),
)

# A decision reads a customer's signals in one piece: `entry` is all that a signal says, sealed under the customer's key
# (`serving.ledger.people.cells`), and the index holds it: a history is one run of pages and one string of bytes.
signals = Table(
    "signals",
    SCHEMA,
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
    SCHEMA,
    Column("customer_id", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("signal_id", Text, ForeignKey("signals.signal_id"), nullable=False),
)

contacts = Table(
    "contacts",
    SCHEMA,
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
    SCHEMA,
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
    SCHEMA,
    Column("span", BigInteger, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("action_id", Text, primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False, server_default="0"),
    Column("contacts", BigInteger, nullable=False),
    Column("spent", Float, nullable=False),
    sqlite_with_rowid=False,
)

# Decisions are never rewritten, so what is personal in them is out of reach without the customer's own key: `subject`,
# `idempotency_key` and `fingerprint` are keyed hashes, `answer` and `receipt` are sealed (see
# `serving.ledger.people.vault`).
decisions = Table(
    "decisions",
    SCHEMA,
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
    SCHEMA,
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
    SCHEMA,
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
    SCHEMA,
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
    SCHEMA,
    Column("kind", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)

# What each rule has said, written in batches; `last_fired` is the latest moment at which it objected.
rule_counts = Table(
    "rule_counts",
    SCHEMA,
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

_OPEN = text("delivered_at IS NULL AND withdrawn_at IS NULL")

outbox = Table(
    "outbox",
    SCHEMA,
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
    SCHEMA,
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
    SCHEMA,
    Column("endpoint", Text, primary_key=True),
    Column("disabled_at", BigInteger, nullable=False),
    Column("because", Text, nullable=False),
)

# Orders to stop and to resume, in order. The last one of a scope holds; `scope` spells out what it is about.
stops = Table(
    "stops",
    SCHEMA,
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

# Which key the ledger has, told by a hash of a fixed word; and what its hashes are made under, wrapped under that key,
# or null where that is the key itself (`serving.ledger.store.sealing`).
seals = Table("seals", SCHEMA, Column("mark", Text, primary_key=True), Column("lasting", LargeBinary))

# The keys under which what is personal in the record is sealed, each wrapped under one derived from the ledger's key.
# Erasing a customer deletes theirs.
data_keys = Table(
    "data_keys",
    SCHEMA,
    Column("key_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False, unique=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

# Who was erased, as a keyed hash, and the last version of what was known of them, so that none comes twice.
erasures = Table(
    "erasures",
    SCHEMA,
    Column("subject", Text, primary_key=True),
    Column("erased_at", BigInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    SCHEMA,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("used_at", BigInteger),
)

# The hash chains: which record is the how-manieth of its shard, and the hash over it and all before it.
links = Table(
    "links",
    SCHEMA,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("kind", "record", "part", name="linked_once"),
)

heads = Table(
    "heads",
    SCHEMA,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)

APPEND_ONLY = (decisions, review_events, objections, objectors, stops, erasures, links)

SHARDS = 16

# Tables whose records are linked, with the columns that name a record; an empty part stands for a missing second one.
CHAINED = {
    "decisions": ("decision_id",),
    "review_events": ("review_id", "number"),
    "objections": ("objection_id",),
    "objectors": ("customer", "objection_id"),
    "stops": ("scope", "number"),
    "erasures": ("subject", "erased_at"),
}

OF_WHOM: BindParameter[str] = bindparam("customer_id")

LIMIT: BindParameter[int] = bindparam("limit")

SINCE: BindParameter[int] = bindparam("since")

NOW: BindParameter[int] = bindparam("now")
