"""Open a ledger, wherever it is kept."""

from heed.serving.ledger.backend.location import Location, PostgresLocation, parse_location
from heed.serving.ledger.backend.times import Clock, system_clock
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.postgres.database import PostgresDatabase
from heed.serving.ledger.postgres.limits import Limits
from heed.serving.ledger.sqlite.database import SqliteDatabase


def open_ledger(
    location: str | Location,
    *,
    clock: Clock = system_clock,
    readonly: bool = False,
    key: str | None = None,
    limits: Limits | None = None,
) -> Ledger:
    """Open an existing ledger; `migrate.upgrade` makes one.

    Parameters
    ----------
    location : str, Path or PostgresLocation
        A path, a ``sqlite:///`` or a ``postgresql://`` URL.
    clock : callable
        The present moment, with an offset; read inside each transaction.
    readonly : bool
        Read beside a running service. Writes then raise `Unavailable`.
    key : str, optional
        The ledger's key; absent means the one in the file beside the ledger, made once. A ledger in
        PostgreSQL has no such file and needs it.
    limits : Limits, optional
        Bounds on the use of PostgreSQL.

    Raises
    ------
    Unavailable
        If there is no ledger of the current schema, it cannot be read or written, or another process writes to it.
    """
    place = parse_location(location)
    if isinstance(place, PostgresLocation):
        return Ledger(PostgresDatabase.open(place, clock=clock, readonly=readonly, key=key, limits=limits))
    return Ledger(SqliteDatabase.open(place, clock=clock, readonly=readonly, key=key))
