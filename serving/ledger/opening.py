"""Opening the ledger, wherever it is kept."""

from pathlib import Path

from serving.ledger.clock import Clock, system_clock
from serving.ledger.ledger import Ledger
from serving.ledger.sqlite import SqliteDatabase


def open_ledger(
    location: str | Path,
    *,
    clock: Clock = system_clock,
    readonly: bool = False,
    key: str | None = None,
) -> Ledger:
    """Open an existing ledger; `serving.ledger.migrating.upgrade` makes one.

    Parameters
    ----------
    location : str or Path
        A path or a ``sqlite:///`` URL.
    clock : callable
        The present moment, with an offset; read inside each transaction.
    readonly : bool
        Read beside a running service. Writes then raise `Unavailable`.
    key : str, optional
        Under which objections are hashed; absent means the one in the file beside the ledger, made once.

    Raises
    ------
    Unavailable
        If there is no ledger of the present shape, it cannot be read or written, or another process writes to it.
    """
    return Ledger(SqliteDatabase.open(location, clock=clock, readonly=readonly, key=key))
