"""Both databases behind one interface, so that one suite tests both."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from heed.serving.ledger.backend.times import Clock, system_clock
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.ledger import Ledger
from tests.support import postgres_server
from tests.support.ledger_builders import new_file

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
BOTH = (SQLITE, POSTGRESQL)


@dataclass(frozen=True)
class Store:
    """The location of an empty ledger, and how to open it."""

    location: str | Path
    key: str | None

    @property
    def settings(self) -> dict[str, object]:
        """Settings of a service on this ledger; any clock skew is accepted."""
        url = f"sqlite:///{self.location}" if isinstance(self.location, Path) else self.location
        return {"database_url": url, "ledger_key": self.key, "clock_skew_seconds": 1e12}

    def open(self, clock: Clock = system_clock, *, readonly: bool = False) -> Ledger:
        return open_ledger(self.location, clock=clock, readonly=readonly, key=self.key)


@contextmanager
def temporary_store(database: str, folder: Path) -> Iterator[Store]:
    """An empty ledger of the current schema, removed at the end of the block."""
    if database == SQLITE:
        yield Store(new_file(folder), None)
        return
    with postgres_server.temporary_ledger() as url:
        yield Store(url, postgres_server.KEY)
