"""The ledger in PostgreSQL: reading on one snapshot, and writing one job."""

import asyncio
import math
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from itertools import count
from time import monotonic
from typing import Any, Self, TypeVar

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.backend.database import LockFinder, NamedLocks, closed_error, read_only_error
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.location import PostgresLocation
from heed.serving.ledger.backend.times import Clock, system_clock, to_micros
from heed.serving.ledger.backend.transaction import Prefetch, ReadJob, WriteJob, no_prefetch
from heed.serving.ledger.postgres.advisory_locks import AdvisoryLocks
from heed.serving.ledger.postgres.connections import connect, pool
from heed.serving.ledger.postgres.errors import (
    error_for_caller,
    is_connection_lost,
    overloaded_error,
    unavailable_error,
    unknown_outcome_error,
)
from heed.serving.ledger.postgres.key_check import open_keys
from heed.serving.ledger.postgres.limits import Limits
from heed.serving.ledger.postgres.server_checks import (
    inspect_server,
    require_durable,
    require_synchronized_clocks,
    require_writable,
)
from heed.serving.ledger.postgres.stall_watchdog import StallWatchdog
from heed.serving.ledger.postgres.transaction import NotPrefetched, PostgresTransaction
from heed.serving.ledger.postgres.write_job import run_write_job
from heed.serving.ledger.schema import SHARDS

T = TypeVar("T")

_SNAPSHOT = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_RENEWAL_SECONDS = 1.0


class PostgresDatabase:
    """`Database` on PostgreSQL. Make one with `open`."""

    def __init__(self, location: PostgresLocation, clock: Clock, limits: Limits, *, readonly: bool) -> None:
        self._clock = clock
        self._limits = limits
        self._readonly = readonly
        self._key_ring = KeyRing(b"")
        self._renewed = -math.inf
        self._watchdog = StallWatchdog(limits.silence)
        self._pool: ConnectionPool[Connection[Any]] = pool(location, limits)
        # Each thread that writes has a queue of its own, and those of other processes begin elsewhere.
        self._shards = count(os.getpid())
        self._local = threading.local()
        self._writing = ThreadPoolExecutor(limits.writers, "ledger-writer", self._take_shard)
        self._reading = ThreadPoolExecutor(limits.readers, thread_name_prefix="ledger-reader")
        self._session = AdvisoryLocks(partial(connect, location, limits), self._watchdog)
        self._held = NamedLocks()

    @classmethod
    def open(
        cls,
        location: PostgresLocation,
        *,
        clock: Clock = system_clock,
        readonly: bool = False,
        key: str | None = None,
        limits: Limits | None = None,
    ) -> Self:
        """Open an existing database; see `connect.open_ledger`."""
        database = cls(location, clock, limits or Limits(), readonly=readonly)
        try:
            with database._connection() as connection:
                if not readonly:
                    require_durable(inspect_server(connection))
                database._key_ring = open_keys(connection, location, key, make=not readonly)
        except psycopg.Error as error:
            database.close()
            raise unavailable_error(error) from error
        except BaseException:
            database.close()
            raise
        return database

    def read(self, work: ReadJob[T], prefetch: Prefetch = no_prefetch) -> T:
        """Run `work` on one consistent snapshot, at once."""
        try:
            return self._once_more(lambda: self._read(work, prefetch))
        except psycopg.Error as error:
            raise unavailable_error(error) from error

    async def write(self, work: WriteJob[T], locks: LockFinder, prefetch: Prefetch = no_prefetch) -> T:
        """Run `work` in a thread of its own and return once it is durable."""
        if self._readonly:
            raise read_only_error()
        return await _within(self._limits.job, _submitted(self._writing, partial(self._write, work, locks, prefetch)))

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run `work` in one of the threads that read."""
        return await _within(self._limits.job, _submitted(self._reading, work))

    async def acquire(self, name: str) -> bool:
        """Hold a name over all processes; False if it is held."""
        if not self._held.acquire(name):
            return False
        try:
            taken = await asyncio.wrap_future(_submitted(self._session.thread, partial(self._session.acquire, name)))
        except BaseException as error:
            # A caller cancelled meanwhile may hold the name a moment later: this release comes after that.
            self.release(name)
            if isinstance(error, psycopg.Error):
                raise unavailable_error(error) from error
            raise
        if not taken:
            self._held.release(name)
        return taken

    def release(self, name: str) -> None:
        """Release a name, in this process at once and for others as soon as its turn comes."""
        with suppress(Unavailable):
            # A ledger that is closed has released everything.
            _submitted(self._session.thread, partial(self._session.release, name))
        self._held.release(name)

    async def scrub(self) -> None:
        """Nothing to do from here: the server frees the space of deleted rows by itself (autovacuum)."""

    def now(self) -> datetime:
        """The present moment, with an offset."""
        return self._clock()

    def healthy(self) -> None:
        """Return if jobs can be written, raise `Unavailable` with a remedy if not."""
        if not self._readonly:
            self._once_more(self._require_writable)

    def close(self) -> None:
        """Finish what was promised and let go of the connections."""
        for threads in (self._writing, self._reading):
            threads.shutdown(wait=True)
        self._session.close()
        self._pool.close()
        self._watchdog.close()

    def _write(self, work: WriteJob[T], locks: LockFinder, prefetch: Prefetch) -> T:
        try:
            return run_write_job(self._transaction, work, locks, prefetch, self._clock, self._limits.tries, self._renew)
        except Exception as error:
            translated = error_for_caller(error)
            if translated is error:
                raise
            raise translated from error

    def _read(self, work: ReadJob[T], prefetch: Prefetch) -> T:
        queries = prefetch(self._key_ring)
        if queries:
            # A job that asks for no more than was prefetched is one round trip.
            with suppress(NotPrefetched), self._ended() as transaction:
                transaction.read_whole(_SNAPSHOT, queries)
                return work(transaction)
        with self._ended() as transaction:
            transaction.defer_begin(_SNAPSHOT)
            return work(transaction)

    def _require_writable(self) -> None:
        with self._transaction() as transaction:
            server, now = transaction.server(), self._clock()
        require_writable(server)
        require_durable(server)
        if self._limits.skew is not None:
            require_synchronized_clocks(to_micros(now), server.now, self._limits.skew)

    def _once_more(self, work: Callable[[], T]) -> T:
        """Run again what met a connection that had gone while it was idle, on one that is new."""
        try:
            return work()
        except psycopg.Error as error:
            if not is_connection_lost(error):
                raise
            self._renew()
            return work()

    def _renew(self) -> None:
        """Trust no connection that was made before now; many threads find out at once, and one needs to say so."""
        now = monotonic()
        if now - self._renewed > _RENEWAL_SECONDS:
            self._renewed = now
            self._pool.drain()

    @contextmanager
    def _transaction(self) -> Iterator[PostgresTransaction]:
        with self._connection() as connection:
            shard = getattr(self._local, "shard", None)
            yield PostgresTransaction(connection, self._key_ring, self._watchdog, shard=shard, skew=self._limits.skew)

    @contextmanager
    def _ended(self) -> Iterator[PostgresTransaction]:
        with self._transaction() as transaction:
            try:
                yield transaction
            finally:
                transaction.end()

    def _take_shard(self) -> None:
        self._local.shard = next(self._shards) % SHARDS

    @contextmanager
    def _connection(self) -> Iterator[Connection[Any]]:
        try:
            connection = self._pool.getconn()
        except PoolClosed as error:
            raise closed_error() from error
        except PoolTimeout as error:
            raise Unavailable(
                "PostgreSQL cannot be reached, or all connections are at work",
                field="ledger",
                remedy="check that PostgreSQL runs and that `HEED_DATABASE_URL` names it",
            ) from error
        try:
            yield connection
        finally:
            # The pool takes nothing back that is in the midst of a transaction; it closes it.
            self._pool.putconn(connection)


def _submitted(threads: ThreadPoolExecutor, work: Callable[[], T]) -> "Future[T]":
    try:
        return threads.submit(work)
    except RuntimeError as error:
        raise closed_error() from error


async def _within(seconds: float, future: "Future[T]") -> T:
    """The result of a job, or what is known of it when time is up. A caller that is cancelled does not stop it."""
    try:
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), seconds)
    except TimeoutError:
        if future.done() and not future.cancelled():
            return future.result()
        raise (overloaded_error() if future.cancel() else unknown_outcome_error()) from None
