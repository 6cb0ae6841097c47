"""Names held over all processes: advisory locks of one session, released when its process dies."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg import Connection

from heed.serving.ledger.postgres.errors import is_connection_lost
from heed.serving.ledger.postgres.stall_watchdog import StallWatchdog
from heed.serving.ledger.postgres.write_job import lock_number


class AdvisoryLocks:
    """One connection, and one thread that talks over it, so that what is freed is freed before it is taken again."""

    def __init__(self, connect: Callable[[], Connection[Any]], watchdog: StallWatchdog) -> None:
        self._connect = connect
        self._watchdog = watchdog
        self._connection: Connection[Any] | None = None
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-names")

    def acquire(self, name: str) -> bool:
        """Hold a name; False if another session does."""
        try:
            return self._execute("SELECT pg_try_advisory_lock(%s)", name)
        except psycopg.Error as error:
            if not is_connection_lost(error):
                raise
            self._drop()
            return self._execute("SELECT pg_try_advisory_lock(%s)", name)

    def release(self, name: str) -> None:
        """Release a name; a session that was lost has released it already."""
        if self._connection is None:
            return
        try:
            self._execute("SELECT pg_advisory_unlock(%s)", name)
        except psycopg.Error:
            self._drop()

    def close(self) -> None:
        """Release everything."""
        self.thread.shutdown(wait=True)
        self._drop()

    def _execute(self, statement: str, name: str) -> bool:
        if self._connection is None:
            self._connection = self._connect()
        with self._watchdog.watching(self._connection):
            row = self._connection.execute(statement.encode(), (lock_number(name),)).fetchone()
        return row is not None and bool(row[0])

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
