"""Keys, what can be told of them, and who was erased with theirs."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from heed.serving.ledger.tables.base import metadata

# Which key the ledger has, told by a hash of a fixed word; and what its hashes are made under, wrapped under that key,
# or null where that is the key itself (`heed.serving.ledger.backend.key_ring`).
seals = Table("seals", metadata, Column("mark", Text, primary_key=True), Column("lasting", LargeBinary))

# The keys under which what is personal in the record is sealed, each wrapped under one derived from the ledger's key.
# Erasing a customer deletes theirs.
data_keys = Table(
    "data_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False, unique=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

# Who was erased, as a keyed hash, and the last version of what was known of them, so that none comes twice.
erasures = Table(
    "erasures",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("erased_at", BigInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
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
