"""How a link of a chain follows from the one before it."""

import hashlib
import sqlite3


def link_hash(before: str, digest: str) -> str:
    """The hash of a link: SHA-256 of the hash before it and the digest of its record."""
    return hashlib.sha256(bytes.fromhex(before) + bytes.fromhex(digest)).hexdigest()


def register_sql_functions(connection: sqlite3.Connection) -> None:
    """Let statements on a SQLite connection use `link_hash`; PostgreSQL can say it in its own words."""
    connection.create_function("linked", 2, link_hash, deterministic=True)
