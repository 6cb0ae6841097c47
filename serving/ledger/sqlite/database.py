"""The ledger in one SQLite file: one writing process, one writing thread, any number of readers."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from serving.ledger.sqlite.connections import connect_to_read, connect_to_write, still_there
from serving.ledger.sqlite.faults import unavailable
from serving.ledger.sqlite.lock import FileLock
from serving.ledger.sqlite.readers import Readers
from serving.ledger.sqlite.sealing import seal_of
from serving.ledger.sqlite.shape import require_present_shape
from serving.ledger.sqlite.writer import Writer
from serving.ledger.store.clock import Clock, system_clock
from serving.ledger.store.faults import read_only
from serving.ledger.store.holding import Held
from serving.ledger.store.location import sqlite_path
from serving.ledger.store.locks import Locks
from serving.ledger.store.sealing import Seal
from serving.ledger.store.transaction import Ahead, Job, Work, unforeseen

T = TypeVar("T")


class SqliteDatabase:
    """`serving.ledger.store.database.Database` on SQLite. Make one with `open`."""

    def __init__(self, readers: Readers, writer: Writer | None, lock: FileLock | None, clock: Clock) -> None:
        self.readers = readers
        self._writer = writer
        self._lock = lock
        self._clock = clock
        self._held = Held()

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        clock: Clock = system_clock,
        readonly: bool = False,
        key: str | None = None,
    ) -> Self:
        """Open an existing file; see `serving.ledger.opening.open_ledger`."""
        path = sqlite_path(location)
        if readonly:
            return cls(Readers(path, _seal_to_read(path, key)), None, None, clock)
        lock = FileLock(path)
        try:
            connection, seal = _connect(path, key)
        except BaseException:
            lock.release()
            raise
        return cls(Readers(path, seal), Writer(connection, clock, seal, still_there(path)), lock, clock)

    @property
    def writer(self) -> Writer:
        """The one thread that writes.

        Raises
        ------
        Unavailable
            If the file was opened for reading only.
        """
        if self._writer is None:
            raise read_only()
        return self._writer

    def read(self, work: Work[T], ahead: Ahead = unforeseen) -> T:  # noqa: ARG002 - a local file is asked at once
        """Run `work` on one consistent snapshot, at once."""
        return self.readers.read(work)

    async def write(
        self,
        work: Job[T],
        locks: Locks,  # noqa: ARG002 - one thread writes, one job after another
        ahead: Ahead = unforeseen,  # noqa: ARG002 - and asks at once
    ) -> T:
        """Run `work` on the writer and return once it is durable."""
        # A request that is cancelled, by a time limit or a lost client, must not leave a job half answered.
        return await asyncio.shield(self.writer.submit(work))

    async def aside(self, work: Callable[[], T]) -> T:
        """Run `work` at once: a local file answers sooner than a thread would."""
        return work()

    async def hold(self, name: str) -> bool:
        """Hold a name; False if it is held. There is one process."""
        return self._held.take(name)

    def let_go(self, name: str) -> None:
        """Let go of a name."""
        self._held.free(name)

    async def forget(self) -> None:
        """Bring the write-ahead log into the file, where deleted content is overwritten, and empty it."""
        await asyncio.shield(self.writer.truncate())

    def moment(self) -> datetime:
        """The present moment, with an offset."""
        return self._clock()

    def healthy(self) -> None:
        """Return if jobs can be written, raise `Unavailable` with a remedy if not."""
        if self._writer is not None:
            self._writer.check()

    def close(self) -> None:
        """Finish what is queued, then let another process write."""
        self.readers.close()
        if self._writer is not None:
            self._writer.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _connect(path: Path, key: str | None) -> tuple[sqlite3.Connection, Seal]:
    try:
        connection = connect_to_write(path)
        try:
            require_present_shape(connection, path)
            return connection, seal_of(connection, path, key, make=True)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise unavailable(error) from error


def _seal_to_read(path: Path, key: str | None) -> Seal:
    try:
        with closing(connect_to_read(path)) as connection:
            require_present_shape(connection, path)
            return seal_of(connection, path, key, make=False)
    except sqlite3.Error as error:
        raise unavailable(error) from error
