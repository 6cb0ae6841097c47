"""The name that a worker process holds while its background jobs succeed."""

from heed.serving.ledger.backend.repository import Repository

_NAME = "worker"


class WorkerLease(Repository):
    """Held by one process at a time, and free once that process is gone."""

    async def take(self) -> bool:
        """Hold the name; False if another process does."""
        return await self.database.acquire(_NAME)

    def release(self) -> None:
        """Release the name."""
        self.database.release(_NAME)
