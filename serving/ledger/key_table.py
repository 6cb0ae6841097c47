"""The table of API keys. A key is kept as the SHA-256 of it, its scopes as a JSON array; `used_at` is to the hour."""

from sqlalchemy import BigInteger, Column, Table, Text

from serving.ledger.tables import metadata

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
