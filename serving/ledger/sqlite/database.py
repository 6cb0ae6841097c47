"""The ledger in one SQLite file: one writing process, one writing thread, any number of readers."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from heed.serving.ledger.backend.database import LockFinder, NamedLocks, read_only_error
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.location import sqlite_path
from heed.serving.ledger.backend.times import Clock, system_clock
from heed.serving.ledger.backend.transaction import Prefetch, ReadJob, WriteJob, no_prefetch
from heed.serving.ledger.sqlite.connections import Readers, connect_to_read, connect_to_write, same_file_check
from heed.serving.ledger.sqlite.errors import unavailable_error
from heed.serving.ledger.sqlite.file_lock import FileLock
from heed.serving.ledger.sqlite.key_file import open_keys
from heed.serving.ledger.sqlite.migrate import require_current_schema
from heed.serving.ledger.sqlite.writer import Writer

T = TypeVar("T")


class SqliteDatabase:
    """`Database` on SQLite. Make one with `open`."""

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
        """Open an existing file; see `connect.open_ledger`."""
        path = sqlite_path(location)
        if readonly:
            return cls(Readers(path, _keys_to_read(path, key)), None, None, clock)
        lock = FileLock(path)
        try:
            connection, key_ring = _connect(path, key)
        except BaseException:
            lock.release()
            raise
        return cls(Readers(path, key_ring), Writer(connection, clock, key_ring, same_file_check(path)), lock, clock)

    @property
    def writer(self) -> Writer:
        """The one thread that writes.

        Raises
        ------
        Unavailable
            If the file was opened for reading only.
        """
        if self._writer is None:
            raise read_only_error()
        return self._writer

    def read(self, work: ReadJob[T], prefetch: Prefetch = no_prefetch) -> T:  # noqa: ARG002 - a local file answers at once
        """Run `work` on one consistent snapshot, at once."""
        return self.readers.read(work)

    async def write(
        self,
        work: WriteJob[T],
        locks: LockFinder,  # noqa: ARG002 - one thread writes, one job after another
        prefetch: Prefetch = no_prefetch,  # noqa: ARG002 - and is answered at once
    ) -> T:
        """Run `work` on the writer and return once it is durable."""
        # A request that is cancelled, by a time limit or a lost client, must not leave a job half answered.
        return await asyncio.shield(self.writer.submit(work))

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run `work` at once: a local file answers sooner than a thread would."""
        return work()

    async def acquire(self, name: str) -> bool:
        """Hold a name; False if it is held. There is one process."""
        return self._held.acquire(name)

    def release(self, name: str) -> None:
        """Release a name."""
        self._held.release(name)

    async def scrub(self) -> None:
        """Bring the write-ahead log into the file, where deleted content is overwritten, and empty it."""
        await asyncio.shield(self.writer.truncate())

    def now(self) -> datetime:
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
            require_current_schema(connection, path)
            return connection, open_keys(connection, path, key, make=True)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise unavailable_error(error) from error


def _keys_to_read(path: Path, key: str | None) -> KeyRing:
    try:
        with closing(connect_to_read(path)) as connection:
            require_current_schema(connection, path)
            return open_keys(connection, path, key, make=False)
    except sqlite3.Error as error:
        raise unavailable_error(error) from error
