"""What the ledger needs of a database: to read on one snapshot, and to write one job completely or not at all.

Locks have names, so that two jobs that touch the same thing run one after the other. A database with one writer needs
none of them. One with many takes the locks of a job before the job reads anything, in one order, and then finds them
again: a customer may have been merged, or a contact point may have a new holder, while it waited. If there are more
locks by then, the job starts over with all of them.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.backend.transaction import Prefetch, ReadJob, Transaction, WriteJob, no_prefetch

T = TypeVar("T")

LockFinder = Callable[[Transaction], Iterable[str]]
"""Finds the names of the locks that a job needs; it only reads."""

# A lock whose name starts like this is shared with other jobs that share it, and excludes those that want it alone.
SHARED = "shared:"
# An order to stop or resume takes it alone; what it might stop shares it, and so is over before the order is.
KILL_SWITCH = "switch"
# Every job shares it; a job that must be alone in the ledger takes it alone.
EVERYTHING = "everything"
# Taken by each job that counts what all customers were contacted with, and takes a slot on the strength of it.
VOLUMES = "volumes"


def no_locks(transaction: Transaction, *_: object, **__: object) -> Iterable[str]:  # noqa: ARG001 - a finder's shape
    """For a job that changes a row of its own in one statement."""
    return ()


def exclusive(name: str) -> Callable[..., Iterable[str]]:
    """For jobs that replace something of which there is one."""
    names = (f"all:{name}",)
    return lambda *_, **__: names


class Database(Protocol):
    """Reads and writes, and what goes with them. A database that cannot do its work raises `Unavailable`."""

    def read(self, work: ReadJob[T], prefetch: Prefetch = no_prefetch) -> T:
        """Run `work` on one consistent snapshot, at once; the queries of `prefetch` may be sent together."""
        ...

    async def write(self, work: WriteJob[T], locks: LockFinder, prefetch: Prefetch = no_prefetch) -> T:
        """Run `work` in a transaction of its own and return once it is durable.

        Parameters
        ----------
        work : callable
            May be run again if the database rolled it back; it changes nothing but the database.
        locks : callable
            Finds what the job needs. Two jobs that share a name run one after the other, and the moment that a job is
            given is read when it is its turn.
        prefetch : callable
            What the job asks before it changes anything; the queries may be sent together, once the job has its turn.

        A caller that is cancelled, by a time limit or a lost client, does not stop the job.
        """
        ...

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run `work`, which only reads: at once where that is local, in a thread where it waits for a network."""
        ...

    async def acquire(self, name: str) -> bool:
        """Hold a name over all processes until it is released, or this process ends; False if it is held."""
        ...

    def release(self, name: str) -> None:
        """Release a name; at once for this process, in a moment for others."""
        ...

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in the database's files, as far as that can be seen to from here."""
        ...

    def now(self) -> datetime:
        """The present moment, with an offset."""
        ...

    def healthy(self) -> None:
        """Return if jobs can be written, raise `Unavailable` with a remedy if not."""
        ...

    def close(self) -> None:
        """Finish what was promised and let go of the database."""
        ...


class NamedLocks:
    """Names that this process holds for as long as something is being done under them."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._mutex = threading.Lock()

    def acquire(self, name: str) -> bool:
        """Hold a name; False if it is held."""
        with self._mutex:
            if name in self._names:
                return False
            self._names.add(name)
            return True

    def release(self, name: str) -> None:
        """Release a name."""
        with self._mutex:
            self._names.discard(name)


def closed_error() -> Unavailable:
    """The error for work handed to a ledger that is closed."""
    return Unavailable("the ledger is closed", field="ledger", remedy="ask again once the service has started")


def read_only_error() -> Unavailable:
    """The error for writes to a ledger opened for reading."""
    return Unavailable("the ledger was opened for reading only", field="ledger", remedy="open it without `readonly`")
