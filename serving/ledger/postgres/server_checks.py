"""What has to be true of a server before a ledger trusts it: it keeps what it committed, and its clock is ours."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from heed.decisioning.errors import Unavailable


@dataclass(frozen=True, slots=True)
class ServerState:
    """How a server is set up, and the time there.

    Attributes
    ----------
    read_only : bool
        Whether it takes no writes.
    fsync, full_page_writes : bool
        Whether what was committed outlives the server's machine, and a page that was written half.
    loss_allowed : bool
        Whether its owner says that its content may be lost.
    now : int
        Microseconds since 1970 in UTC.
    """

    read_only: bool
    fsync: bool
    full_page_writes: bool
    loss_allowed: bool
    now: int


# Who sets it on a server says that its content may be lost: a server for tests.
ALLOWANCE = "heed.allow_data_loss"

NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

_INSPECT = f"""
SELECT current_setting('transaction_read_only') = 'on', current_setting('fsync') = 'on',
       current_setting('full_page_writes') = 'on', coalesce(current_setting('{ALLOWANCE}', true), '') = 'on', {NOW}
"""


def inspect_server(connection: Connection[Any]) -> ServerState:
    """How the server is set up at this moment."""
    row = connection.execute(_INSPECT.encode()).fetchone()
    if row is None:
        raise RuntimeError("PostgreSQL returned no row where it returns one")
    return ServerState(*row)


_SYNCHRONOUS_COMMIT = f"""
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off' AND coalesce(current_setting('{ALLOWANCE}', true), '') <> 'on'
"""


def require_synchronous_commit(connection: Connection[Any]) -> None:
    """Have each COMMIT of this session wait until it is durable, where the server is set up not to."""
    connection.execute(_SYNCHRONOUS_COMMIT.encode())


def require_durable(server: ServerState) -> None:
    """Refuse a server that may lose what it committed.

    Raises
    ------
    Unavailable
        With the setting that is wrong.
    """
    if server.loss_allowed:
        return
    for name, kept in (("fsync", server.fsync), ("full_page_writes", server.full_page_writes)):
        if not kept:
            remedy = f"set `{name} = on` in postgresql.conf; a server for tests may set `{ALLOWANCE} = on`"
            message = f"PostgreSQL runs with `{name} = off` and may lose what it has committed"
            raise Unavailable(message, field="ledger", remedy=remedy)


def require_writable(server: ServerState) -> None:
    """Refuse a server that takes no writes.

    Raises
    ------
    Unavailable
        With what to do.
    """
    if server.read_only:
        remedy = "point `HEED_DATABASE_URL` at the primary, which takes writes"
        raise Unavailable("PostgreSQL takes no writes", field="ledger", remedy=remedy)


_MICROSECONDS = 1_000_000


def require_synchronized_clocks(here: int, there: int, bound: float) -> None:
    """Refuse to judge by a clock that is not the server's: other hosts would judge the same windows differently.

    Parameters
    ----------
    here, there : int
        The moment that is judged by, and the server's, which was read first; microseconds since 1970.
    bound : float
        How far they may be apart, in seconds. The way of the answer counts as well.

    Raises
    ------
    Unavailable
        With how far they are apart.
    """
    skew = (here - there) / _MICROSECONDS
    if abs(skew) > bound:
        apart = f"{abs(skew):.1f} seconds {'ahead of' if skew > 0 else 'behind'} PostgreSQL's"
        remedy = "set both clocks by NTP, or change `HEED_CLOCK_SKEW_SECONDS`"
        raise Unavailable(f"the clock of this host is {apart}", field="clock", remedy=remedy)
