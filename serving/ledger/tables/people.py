"""Who customers are, and what they allow and forbid.

`customers.version` grows with every fact about the customer, in the same transaction as the fact. A decision names the
version it was made on and commits only while that is still the version. A customer who was merged into another keeps a
row that says into whom (`merged_into`); consents that a merge replaced stay on record, with the time they were retired.

What describes or reaches somebody is sealed under the customer's key (`heed.serving.ledger.encryption.pii`): profiles,
contact points, the basis of a consent, the reason of a suppression. A contact point is found by its keyed hash.

Objections name nobody: contact points and customers are in them as keyed hashes alone
(`heed.serving.ledger.backend.key_ring`).
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from heed.serving.ledger.tables.base import metadata

customers = Table(
    "customers",
    metadata,
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
    metadata,
    Column("customer_id", Text, ForeignKey("customers.customer_id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("contact_point", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("sealed", Text, nullable=False),
    Index("contact_points_by_name", "contact_point"),
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
    Column("topic", Text),
    Column("retired_at", BigInteger),
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

objections = Table(
    "objections",
    metadata,
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
    metadata,
    Column("customer", Text, primary_key=True),
    Column("objection_id", Text, ForeignKey("objections.objection_id"), primary_key=True),
)
