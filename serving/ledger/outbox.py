"""Messages for the executor."""

from functools import partial

from decisioning.stopping import Stop
from serving.ledger import delivering, reading
from serving.ledger.database import OnDatabase
from serving.ledger.delivering import Permitted
from serving.ledger.locking import of_message
from serving.ledger.records import OutboxMessage
from serving.ledger.refusing import unless_refused


class Outbox(OnDatabase):
    """Each message waits until it is delivered, or withdrawn before it was."""

    def outbox(self, limit: int = 100, also: Stop | None = None) -> tuple[OutboxMessage, ...]:
        """Messages that wait for the executor and are not stopped, oldest first; `also` is the policy's order."""
        return self._database.read(partial(reading.outbox, limit=limit, also=also))

    async def delivered(self, outbox_id: str, permitted: Permitted | None = None, also: Stop | None = None) -> bool:
        """Mark a message as delivered; False if it was already, `Refused` where it may not be sent, or not now."""
        work = partial(delivering.delivered, outbox_id=outbox_id, permitted=permitted, also=also)
        return unless_refused(await self._database.write(work, of_message(outbox_id)))

    async def withdraw(self, outbox_id: str, because: str) -> bool:
        """Take a message that waits off the outbox and free its slot; False if it was delivered or withdrawn before."""
        work = partial(delivering.take_back, outbox_id=outbox_id, because=because)
        return await self._database.write(work, of_message(outbox_id))
