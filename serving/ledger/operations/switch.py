"""The kill switch, one for all workers."""

from functools import partial

from decisioning.stopping import Stop
from serving.ledger.operations import stopping
from serving.ledger.operations.stopping import Order, Ordered
from serving.ledger.store.database import OnDatabase
from serving.ledger.store.locks import SWITCH


class Switch(OnDatabase):
    """Orders to stop and to resume. What an order covers is over before the order is acknowledged, or never done."""

    async def stop(self, order: Order) -> tuple[Stop, ...]:
        """Stop; no act that the order covers commits after this returns. What is stopped then."""
        return await self._database.write(partial(stopping.stop, order=order), lambda _: (SWITCH,))

    async def resume(self, order: Order) -> tuple[Stop, ...]:
        """Lift an order to stop; `Conflict` where there is none of this scope. What remains stopped."""
        return await self._database.write(partial(stopping.resume, order=order), lambda _: (SWITCH,))

    def stops(self) -> tuple[Stop, ...]:
        """What is stopped."""
        return self._database.read(stopping.in_force)

    def orders(self, limit: int = 50) -> tuple[Ordered, ...]:
        """Orders to stop and to resume, newest first."""
        return self._database.read(partial(stopping.history, limit=limit))
