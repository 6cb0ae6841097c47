"""Whether a worker process is running: it holds a lock in the ledger's database while its jobs succeed.

The lock belongs to the worker's database session, so it is released when the process dies or loses the database.
"""

import asyncio

from heed.serving.ledger.ledger import Ledger

# A probe of another process may hold the lock for a moment.
_TRIES = 3
_PAUSE_SECONDS = 0.2


class WorkerPresence:
    """Announces this worker process to services, and tells services whether there is one."""

    def __init__(self, ledger: Ledger) -> None:
        self._lease = ledger.worker_lease
        self._held = False

    async def announce(self, *, healthy: bool) -> bool:
        """Renew the lock while this worker is healthy, else release it; return whether it is held.

        If another worker holds it, services see that one.
        """
        if self._held:
            self._lease.release()
        self._held = healthy and await self._take()
        return self._held

    async def present(self) -> bool:
        """Whether a healthy worker process is there."""
        for pause in (_PAUSE_SECONDS, 0.0):
            if not await self._lease.take():
                return True
            self._lease.release()
            # The worker may be renewing its lock.
            await asyncio.sleep(pause)
        return False

    async def _take(self) -> bool:
        for _ in range(_TRIES):
            if await self._lease.take():
                return True
            await asyncio.sleep(_PAUSE_SECONDS)
        return False
