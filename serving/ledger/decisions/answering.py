"""One request under one key is being answered, and a second one that comes meanwhile is told so."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from heed.serving.errors import RequestInFlight
from heed.serving.ledger.backend.database import Repository

T = TypeVar("T")


class Answering(Repository):
    """What the ledger does for those who answer requests."""

    @asynccontextmanager
    async def answering(self, client: str, key: str) -> AsyncIterator[None]:
        """Hold a client's key while the body makes its answer, over all workers.

        This spares a second decision and says why. That there is never a second one is held by the ledger's own record
        of keys, also where whoever held the key died.

        Raises
        ------
        RequestInFlight
            If another request under the key is being answered.
        """
        name = f"key:{client}\0{key}"
        if not await self._database.hold(name):
            remedy = "ask again in a moment with the same key; the answer will be there"
            raise RequestInFlight("a request under this key is being answered", field="Idempotency-Key", remedy=remedy)
        try:
            yield
        finally:
            self._database.release(name)

    async def aside(self, work: Callable[[], T]) -> T:
        """What `work` returns, which only reads; no event loop waits for a ledger that is beyond a network."""
        return await self._database.aside(work)
