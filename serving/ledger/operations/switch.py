"""The kill switch, one for all workers."""

from functools import partial

from heed.decisioning.kill_switch import Stop
from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.backend.locks import SWITCH
from heed.serving.ledger.operations import kill_switch
from heed.serving.ledger.operations.kill_switch import RecordedOrder, StopOrder


class Switch(Repository):
    """Orders to stop and to resume. What an order covers is over before the order is acknowledged, or never done."""

    async def stop(self, order: StopOrder) -> tuple[Stop, ...]:
        """Stop; no act that the order covers commits after this returns. What is stopped then."""
        return await self._database.write(partial(kill_switch.stop, order=order), lambda _: (SWITCH,))

    async def resume(self, order: StopOrder) -> tuple[Stop, ...]:
        """Lift an order to stop; `Conflict` where there is none of this scope. What remains stopped."""
        return await self._database.write(partial(kill_switch.resume, order=order), lambda _: (SWITCH,))

    def stops(self) -> tuple[Stop, ...]:
        """What is stopped."""
        return self._database.read(kill_switch.in_force)

    def orders(self, limit: int = 50) -> tuple[RecordedOrder, ...]:
        """Orders to stop and to resume, newest first."""
        return self._database.read(partial(kill_switch.history, limit=limit))
