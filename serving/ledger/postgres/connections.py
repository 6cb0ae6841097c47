"""Connections to PostgreSQL, made with bounds on everything that can take for ever."""

import math
from typing import Any

from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.ledger.postgres.limits import Limits
from heed.serving.ledger.postgres.server_checks import require_synchronous_commit


def conninfo(location: PostgresLocation, limits: Limits) -> str:
    """How to connect for reading and writing; what the URL itself says comes after, and wins."""
    given: dict[str, Any] = conninfo_to_dict(location.url)
    statement = round(limits.statement * 1000)
    options = (
        f"-c statement_timeout={statement} -c lock_timeout={statement}"
        f" -c idle_in_transaction_session_timeout={statement * 2}"
    )
    return make_conninfo(
        **{
            "connect_timeout": math.ceil(limits.connect),
            "keepalives": 1,
            "keepalives_idle": 10,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": round(limits.silence * 1000),
            "application_name": "heed",
            **given,
            "options": f"{options} {given.get('options') or ''}".strip(),
        }
    )


def pool(location: PostgresLocation, limits: Limits) -> ConnectionPool[Connection[Any]]:
    """Connections in autocommit mode, whose transactions are begun and ended by who takes them."""
    return ConnectionPool(
        conninfo(location, limits),
        kwargs={"autocommit": True},
        min_size=1,
        max_size=limits.writers + limits.readers,
        timeout=limits.connect,
        reconnect_timeout=limits.connect,
        configure=_configure,
        open=True,
        name="ledger",
    )


def connect(location: PostgresLocation, limits: Limits) -> Connection[Any]:
    """One connection in autocommit mode."""
    return Connection.connect(conninfo(location, limits), autocommit=True)


# A policy, a catalogue of statements and their variants by type of value; the server keeps each plan once it was used.
_PLANS = 400


def _configure(connection: Connection[Any]) -> None:
    connection.prepared_max = _PLANS
    require_synchronous_commit(connection)
