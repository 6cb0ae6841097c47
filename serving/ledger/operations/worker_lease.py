"""The name that a worker process holds while its background jobs succeed."""

from heed.serving.ledger.backend.database import Repository

_NAME = "worker"


class WorkerLease(Repository):
    """Held by one process at a time, and free once that process is gone."""

    async def take(self) -> bool:
        """Hold the name; False if another process does."""
        return await self._database.hold(_NAME)

    def release(self) -> None:
        """Let go of the name."""
        self._database.release(_NAME)
