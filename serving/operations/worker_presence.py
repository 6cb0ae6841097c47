"""Whether a worker process is there: it holds a name in the ledger's database for as long as its jobs succeed.

The name is a lock of the worker's database session, so it is free as soon as the process dies or loses the database.
"""

import asyncio

from heed.serving.ledger.ledger import Ledger

# A probe of another process may hold the name for a moment.
_TRIES = 3
_PAUSE_SECONDS = 0.2


class WorkerPresence:
    """Announces this worker process to services, and tells services whether there is one."""

    def __init__(self, ledger: Ledger) -> None:
        self._lease = ledger.worker_lease
        self._held = False

    async def announce(self, *, healthy: bool) -> bool:
        """Hold the name anew while this worker is healthy, and release it while it is not; whether it is held.

        Where another worker holds it, services see that one.
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
            # The worker may just be renewing its hold.
            await asyncio.sleep(pause)
        return False

    async def _take(self) -> bool:
        for _ in range(_TRIES):
            if await self._lease.take():
                return True
            await asyncio.sleep(_PAUSE_SECONDS)
        return False
