"""A lock per customer, so that one process decides for a customer one request at a time.

Each decision changes the facts of the next. Without the lock, all but one of a burst of requests would have to be
evaluated again. Between processes the ledger checks for stale facts.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from heed.decisioning.errors import Unavailable


@dataclass(slots=True)
class _Entry:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


class KeyedLock:
    """One lock for each key, kept while somebody holds or awaits it.

    Parameters
    ----------
    patience : float
        Seconds to wait for a lock.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._entries: dict[str, _Entry] = {}

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Wait for the lock of a key and hold it.

        Raises
        ------
        Unavailable
            If it is not free in time. Nothing was done.
        """
        entry = self._entries.setdefault(key, _Entry())
        entry.wanted += 1
        try:
            await self._acquire(entry.lock)
            try:
                yield
            finally:
                entry.lock.release()
        finally:
            entry.wanted -= 1
            if not entry.wanted:
                del self._entries[key]

    def __len__(self) -> int:
        return len(self._entries)

    async def _acquire(self, lock: asyncio.Lock) -> None:
        if not lock.locked():
            # Nobody holds it, so this does not wait and needs no timer.
            await lock.acquire()
            return
        try:
            async with asyncio.timeout(self._patience):
                await lock.acquire()
        except TimeoutError as error:
            raise Unavailable(
                "too many requests about this customer at once; nothing was recorded",
                field="customer_id",
                remedy="ask again in a moment",
            ) from error
