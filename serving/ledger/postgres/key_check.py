"""The ledger's key where the ledger is in PostgreSQL: every worker brings the same one, and none is kept beside it."""

from typing import Any

from psycopg import Connection

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.backend.key_ring import SETTING, KeyRing, new_key_ring, open_key_ring
from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.ledger.postgres.migrate import require_current_schema

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('heed seal', 0))"


def open_keys(connection: Connection[Any], location: PostgresLocation, given: str | None, *, make: bool) -> KeyRing:
    """The key ring of an open ledger under the key that is `given`.

    Parameters
    ----------
    make : bool
        Whether a ledger without a key takes this one.

    Raises
    ------
    Unavailable
        If there is no ledger of the present shape, no key is given, or another than the ledger was begun with.
    """
    require_current_schema(connection, location)
    if not given:
        remedy = "set it to a secret of your own, such as `openssl rand -hex 32` makes, the same for every worker"
        raise Unavailable("a ledger in PostgreSQL needs its key from the environment", field=SETTING, remedy=remedy)
    key = given.encode()
    with connection.transaction():
        connection.execute(_ONE_AT_A_TIME)
        row = connection.execute("SELECT mark, lasting FROM seals").fetchone()
        if row is None:
            return _begin(connection, key) if make else KeyRing(key)
    if row[0] != KeyRing(key).mark:
        remedy = "set it to the key that the ledger has"
        raise Unavailable("the ledger has another key", field=SETTING, value=location, remedy=remedy)
    return open_key_ring(key, None if row[1] is None else bytes(row[1]))


def _begin(connection: Connection[Any], key: bytes) -> KeyRing:
    key_ring, lasting = new_key_ring(key)
    connection.execute("INSERT INTO seals (mark, lasting) VALUES (%s, %s)", (key_ring.mark, lasting))
    return key_ring
