"""The one thread that writes: it runs the jobs that are waiting in one transaction, and answers after its COMMIT.

SQLite makes a commit durable with one wait for the disk. Jobs that arrive during that wait share the next one, so
throughput grows with the load while no answer is given before it is durable. One connection both writes and
checkpoints, which also keeps clear of the WAL-reset fault of SQLite before 3.51.3.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, TypeVar

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.audit import hash_chain
from heed.serving.ledger.backend.database import closed_error
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.transaction import Transaction, WriteJob
from heed.serving.ledger.sqlite.connections import BUSY_MILLISECONDS, write_a_page
from heed.serving.ledger.sqlite.errors import error_for_caller, unavailable_error
from heed.serving.ledger.sqlite.transaction import SqliteTransaction


@dataclass(slots=True, eq=False)
class _Waiting:
    """A job with the future of whoever waits for it."""

    work: WriteJob[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: object = None
    error: Exception | None = None

    def settle(self) -> None:
        """Tell the one who waits; runs on that one's event loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


@dataclass(frozen=True, slots=True)
class WriterStats:
    """What the writer has done so far: jobs run, and transactions that held them."""

    jobs: int
    groups: int


T = TypeVar("T")

_STALLED_SECONDS = 5.0

GROUP_MAX = 128

_PROBE_SECONDS = 1.0

_TRUNCATING_MILLISECONDS = 200

_log = logging.getLogger(__name__)


class Writer:
    """Runs jobs one after another on one connection, in groups that share a COMMIT.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode and free to be used from another thread; the writer closes it.
    clock : callable
        Read inside the transaction, once per job.
    key_ring : Seal
        The ledger's key at work.
    present : callable
        Raises sqlite3.Error where the connection's file is no longer the ledger's; asked before each transaction.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: Callable[[], datetime],
        key_ring: KeyRing,
        present: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._present = present
        self._key_ring = key_ring
        self._clock = clock
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._open = True
        self._busy_since: float | None = None
        self._fault: Unavailable | None = None
        self._to_truncate = False
        self._jobs = 0
        self._groups = 0
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._thread.start()

    @property
    def stats(self) -> WriterStats:
        """Counts since the start."""
        return WriterStats(self._jobs, self._groups)

    def submit(self, work: WriteJob[T]) -> asyncio.Future[T]:
        """Queue a job; the future resolves on the running event loop once its transaction is durable.

        Raises
        ------
        Unavailable
            If the writer is closed, or stuck: what cannot be written is not queued up to be written much later.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._require_flow()
        with self._gate:
            if not self._open:
                raise closed_error()
            self._queue.put(_Waiting(work, loop, future))
        return future

    def truncate(self) -> asyncio.Future[None]:
        """Empty the write-ahead log; the future resolves once that was tried, and it is tried again until it is done.

        Raises
        ------
        Unavailable
            If the writer is closed.
        """
        self._to_truncate = True
        return self.submit(_no_work)

    def check(self) -> None:
        """Raise what keeps the writer from committing, if anything does.

        Raises
        ------
        Unavailable
            If it is closed, stuck in one group for more than 5 seconds, or its last transaction failed.
        """
        if not self._open or not self._thread.is_alive():
            raise closed_error()
        self._require_flow()
        if self._fault is not None:
            raise self._fault

    def _require_flow(self) -> None:
        busy_since = self._busy_since
        if busy_since is not None and monotonic() - busy_since > _STALLED_SECONDS:
            raise Unavailable("the ledger's disk does not answer", field="ledger", remedy="check the disk")

    def close(self) -> None:
        """Finish what is queued, then close the connection."""
        with self._gate:
            if self._open:
                self._open = False
                self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        more = True
        while more:
            group, more = self._next_group()
            if group:
                self._busy_since = monotonic()
                self._commit_together(group)
                self._truncate_if_asked()
                self._busy_since = None
                _deliver(group)
        self._connection.close()

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        """What is waiting, at least one job and at most a full group; False with it once the end is reached."""
        first = self._first()
        if first is None:
            return [], False
        group = [first]
        while len(group) < GROUP_MAX:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return group, False
            group.append(following)
        return group, True

    def _first(self) -> _Waiting | None:
        """The next in the queue; after a fault the wait is spent on finding out whether it is over."""
        while self._fault is not None:
            try:
                return self._queue.get(timeout=_PROBE_SECONDS)
            except queue.Empty:
                self._probe()
        return self._queue.get()

    def _probe(self) -> None:
        """Find out whether the fault is over, so that no decision has to fail for it."""
        try:
            self._present()
            write_a_page(self._connection)
        except sqlite3.Error as error:
            self._give_up([], error)
        else:
            self._fault = None

    def _commit_together(self, group: list[_Waiting]) -> None:
        try:
            self._present()
            self._connection.execute("BEGIN IMMEDIATE")
            for job in group:
                self._run(job)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(group, error)
        else:
            self._fault = next((job.error for job in group if isinstance(job.error, Unavailable)), None)
            self._jobs += len(group)
            self._groups += 1

    def _truncate_if_asked(self) -> None:
        """A reader in the middle of an older snapshot prevents it; then the next group has another try."""
        if self._to_truncate and self._fault is None:
            self._connection.execute(f"PRAGMA busy_timeout={_TRUNCATING_MILLISECONDS}")
            try:
                self._to_truncate = bool(self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
            except sqlite3.Error as error:
                self._fault = unavailable_error(error)
            self._connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")

    def _run(self, job: _Waiting) -> None:
        """Run one job and link what it added; its failure undoes what it wrote and nothing else."""
        self._connection.execute("SAVEPOINT job")
        try:
            transaction = SqliteTransaction(self._connection, self._key_ring)
            job.result = job.work(transaction, self._clock())
            hash_chain.finish(transaction)
        except Exception as error:
            # Whatever a job raises belongs to the one who waits for it.
            job.error = error_for_caller(error)
            if not self._connection.in_transaction and isinstance(error, sqlite3.Error):
                # A full disk makes SQLite drop the whole transaction, the jobs before this one included.
                raise
            self._connection.execute("ROLLBACK TO job")
        self._connection.execute("RELEASE job")

    def _give_up(self, group: list[_Waiting], error: sqlite3.Error) -> None:
        self._fault = unavailable_error(error)
        for job in group:
            job.error = error_for_caller(error)
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            _log.exception("the ledger could not roll back; the next transaction will say why")


def _no_work(transaction: Transaction, now: datetime) -> None:
    """A job that only has its turn."""


def _deliver(group: list[_Waiting]) -> None:
    """Wake each event loop once for all of its jobs."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting]] = defaultdict(list)
    for job in group:
        by_loop[job.loop].append(job)
    for loop, jobs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, jobs)
        except RuntimeError:
            _log.warning("%d ledger jobs ended after their event loop had closed", len(jobs))


def _settle(jobs: list[_Waiting]) -> None:
    for job in jobs:
        job.settle()
