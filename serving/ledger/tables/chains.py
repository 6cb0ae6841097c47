"""The hash chains, and the tables whose rows are never changed."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text, UniqueConstraint

from heed.serving.ledger.tables.base import metadata
from heed.serving.ledger.tables.decided import decisions, review_events
from heed.serving.ledger.tables.people import objections, objectors
from heed.serving.ledger.tables.secrets import erasures
from heed.serving.ledger.tables.sending import stops

# The hash chains: which record is the how-manieth of its shard, and the hash over it and all before it.
links = Table(
    "links",
    metadata,
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
    metadata,
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
