"""What the ledger asks of whatever keeps it: to read on one snapshot, and to write one job whole or not at all."""

from datetime import datetime
from typing import Protocol, TypeVar

from serving.ledger.locking import Locks
from serving.ledger.transaction import Job, Work

T = TypeVar("T")


class Database(Protocol):
    """Two effects. A database that cannot have them raises `Unavailable`; it never answers without."""

    def read(self, work: Work[T]) -> T:
        """Run `work` on one consistent snapshot, at once."""
        ...

    async def write(self, work: Job[T], locks: Locks) -> T:
        """Run `work` in a transaction of its own and return once it is durable.

        Parameters
        ----------
        work : callable
            May be run again if the database undid it; what it changes lies in the database alone.
        locks : callable
            What the job rests on. Two jobs that share a key run one after the other, and the moment that a job is
            given is read when it is its turn.

        A caller that is cancelled, by a time limit or a lost client, does not stop the job.
        """
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


class OnDatabase:
    """A part of the ledger over the database that keeps it."""

    def __init__(self, database: Database) -> None:
        self._database = database
