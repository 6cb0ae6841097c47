"""Requests about one customer take turns in this process, instead of overtaking each other until one gives up.

Each decision changes the facts that the next one rests on, so that of a burst for one customer all but one would have
to be made again, and again. Between processes the ledger's own check remains.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from heed.decisioning.errors import Unavailable


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


class KeyedLock:
    """One turn at a time for each name; nothing is kept of a name that nobody wants.

    Parameters
    ----------
    patience : float
        Seconds to wait for a turn.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._turns: dict[str, _Turn] = {}

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Wait for the turn and hold it.

        Raises
        ------
        Unavailable
            If it does not come in time. Nothing was done.
        """
        turn = self._turns.setdefault(name, _Turn())
        turn.wanted += 1
        try:
            await self._taken(turn.lock)
            try:
                yield
            finally:
                turn.lock.release()
        finally:
            turn.wanted -= 1
            if not turn.wanted:
                del self._turns[name]

    def __len__(self) -> int:
        return len(self._turns)

    async def _taken(self, lock: asyncio.Lock) -> None:
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
