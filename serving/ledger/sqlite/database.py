"""The ledger in one SQLite file: one writing process, one writing thread, any number of readers."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from heed.serving.ledger.backend.clock import Clock, system_clock
from heed.serving.ledger.backend.errors import read_only
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.location import sqlite_path
from heed.serving.ledger.backend.locks import Locks
from heed.serving.ledger.backend.named_locks import NamedLocks
from heed.serving.ledger.backend.transaction import Job, Prefetch, Work, no_prefetch
from heed.serving.ledger.sqlite.connections import connect_to_read, connect_to_write, still_there
from heed.serving.ledger.sqlite.errors import unavailable
from heed.serving.ledger.sqlite.file_lock import FileLock
from heed.serving.ledger.sqlite.key_file import seal_of
from heed.serving.ledger.sqlite.readers import Readers
from heed.serving.ledger.sqlite.schema_version import require_present_shape
from heed.serving.ledger.sqlite.writer import Writer

T = TypeVar("T")


class SqliteDatabase:
    """`heed.serving.ledger.backend.database.Database` on SQLite. Make one with `open`."""

    def __init__(self, readers: Readers, writer: Writer | None, lock: FileLock | None, clock: Clock) -> None:
        self.readers = readers
        self._writer = writer
        self._lock = lock
        self._clock = clock
        self._held = NamedLocks()

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        clock: Clock = system_clock,
        readonly: bool = False,
        key: str | None = None,
    ) -> Self:
        """Open an existing file; see `heed.serving.ledger.connect.open_ledger`."""
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

    def read(self, work: Work[T], ahead: Prefetch = no_prefetch) -> T:  # noqa: ARG002 - a local file is asked at once
        """Run `work` on one consistent snapshot, at once."""
        return self.readers.read(work)

    async def write(
        self,
        work: Job[T],
        locks: Locks,  # noqa: ARG002 - one thread writes, one job after another
        ahead: Prefetch = no_prefetch,  # noqa: ARG002 - and asks at once
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

    def release(self, name: str) -> None:
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


def _connect(path: Path, key: str | None) -> tuple[sqlite3.Connection, KeyRing]:
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


def _seal_to_read(path: Path, key: str | None) -> KeyRing:
    try:
        with closing(connect_to_read(path)) as connection:
            require_present_shape(connection, path)
            return seal_of(connection, path, key, make=False)
    except sqlite3.Error as error:
        raise unavailable(error) from error
