"""What the ledger asks of whatever keeps it: to read on one snapshot, and to write one job whole or not at all."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from heed.serving.ledger.backend.locks import Locks
from heed.serving.ledger.backend.transaction import Job, Prefetch, Work, no_prefetch

T = TypeVar("T")


class Database(Protocol):
    """Two effects, and what goes with them. Without them it raises `Unavailable`, and never answers."""

    def read(self, work: Work[T], ahead: Prefetch = no_prefetch) -> T:
        """Run `work` on one consistent snapshot, at once; what it asks `ahead` may be asked together."""
        ...

    async def write(self, work: Job[T], locks: Locks, ahead: Prefetch = no_prefetch) -> T:
        """Run `work` in a transaction of its own and return once it is durable.

        Parameters
        ----------
        work : callable
            May be run again if the database undid it; what it changes lies in the database alone.
        locks : callable
            What the job rests on. Two jobs that share a key run one after the other, and the moment that a job is
            given is read when it is its turn.
        ahead : callable
            What the job asks before it changes anything; it may be asked together, once the job has its turn.

        A caller that is cancelled, by a time limit or a lost client, does not stop the job.
        """
        ...

    async def aside(self, work: Callable[[], T]) -> T:
        """Run `work`, which only reads: at once where that is local, in a thread where it waits for a network."""
        ...

    async def hold(self, name: str) -> bool:
        """Hold a name over all processes until it is let go, or this process ends; False if it is held."""
        ...

    def release(self, name: str) -> None:
        """Let go of a name; at once for this process, in a moment for others."""
        ...

    async def forget(self) -> None:
        """Leave nothing of what was deleted in the store's files, as far as the store can see to it."""
        ...

    def moment(self) -> datetime:
        """The present moment, with an offset."""
        ...

    def healthy(self) -> None:
        """Return if jobs can be written, raise `Unavailable` with a remedy if not."""
        ...

    def close(self) -> None:
        """Finish what was promised and let go of the store."""
        ...


class Repository:
    """A part of the ledger over the database that keeps it."""

    def __init__(self, database: Database) -> None:
        self._database = database
