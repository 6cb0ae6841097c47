"""Messages for the executor."""

from datetime import datetime, timedelta
from functools import partial

from heed.decisioning.errors import Refused
from heed.decisioning.kill_switch import Stop
from heed.decisioning.recheck_result import RecheckResult
from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.backend.locks import one_at_a_time
from heed.serving.ledger.facts import cancellation
from heed.serving.ledger.facts.lock_keys import of_message
from heed.serving.ledger.outbox import endpoints, messages
from heed.serving.ledger.outbox import lease as message_lease
from heed.serving.ledger.outbox.delivery import (
    ALL_CHANNELS,
    Backlog,
    ChannelFilter,
    DeliveryCheck,
    DeliveryResult,
    DisabledEndpoint,
    LeaseResult,
    MessageState,
    SettleResult,
)
from heed.serving.ledger.records import OutboxMessage

_ENDPOINTS = one_at_a_time("endpoints")


class Outbox(Repository):
    """Each message waits until it is delivered, or withdrawn before it was."""

    def outbox(
        self, limit: int = 100, also: Stop | None = None, reach: ChannelFilter = ALL_CHANNELS
    ) -> tuple[OutboxMessage, ...]:
        """Messages that can be handed over and are not stopped, longest ready first; `also` is the policy's order."""
        now = self._database.moment()
        return self._database.read(partial(messages.ready, now=now, limit=limit, also=also, reach=reach))

    def waiting(self) -> Backlog:
        """How many messages wait, whether or not they can be handed over now."""
        return self._database.read(messages.waiting)

    def message(self, outbox_id: str) -> MessageState:
        """Where a message stands, and what was tried."""
        now = self._database.moment()
        return self._database.read(partial(messages.state, now=now, outbox_id=outbox_id))

    async def hand_over(self, outbox_id: str, holder: str, lease: timedelta, check: DeliveryCheck) -> LeaseResult:
        """Give a message to one executor for a while, if it passes the check."""
        work = partial(message_lease.hand_over, outbox_id=outbox_id, holder=holder, lease=lease, check=check)
        return await self._database.write(work, of_message(outbox_id))

    def objection(self, outbox_id: str, check: DeliveryCheck) -> RecheckResult | None:
        """What stands against handing a message over now, None where nothing does."""
        now = self._database.moment()
        return self._database.read(partial(message_lease.objection, now=now, outbox_id=outbox_id, check=check))

    async def look(self, outbox_id: str, check: DeliveryCheck) -> LeaseResult:
        """Withdraw or put off a message that waits, where it does not pass the check."""
        return await self._database.write(
            partial(message_lease.look, outbox_id=outbox_id, check=check), of_message(outbox_id)
        )

    async def settle(self, outbox_id: str, fence: int, told: DeliveryResult) -> SettleResult:
        """Take down what came of one handing; where the message stands then."""
        work = partial(message_lease.settle, outbox_id=outbox_id, fence=fence, told=told)
        return await self._database.write(work, of_message(outbox_id))

    async def delivered(self, outbox_id: str, check: DeliveryCheck | None = None) -> bool | tuple[Refused, LeaseResult]:
        """Mark a message as delivered; False if it was already, or why it may not be sent now."""
        work = partial(message_lease.delivered, outbox_id=outbox_id, check=check)
        return await self._database.write(work, of_message(outbox_id))

    async def withdraw(self, outbox_id: str, because: str) -> bool:
        """Take a message that waits off the outbox and free its slot; False if it was delivered or withdrawn before."""
        work = partial(cancellation.take_back, outbox_id=outbox_id, because=because)
        return await self._database.write(work, of_message(outbox_id))

    def overdue(self, patience: timedelta, limit: int) -> tuple[str, ...]:
        """Ids of messages that waited longer than this and are in nobody's hands, oldest first."""
        now: datetime = self._database.moment()
        work = partial(messages.overdue, now=now, cutoff=now - patience, limit=limit)
        return self._database.read(work)

    def disabled(self, endpoint: str) -> DisabledEndpoint | None:
        """Since when and why nothing is sent to an executor, None where it is enabled."""
        return self._database.read(partial(messages.disabled, endpoint=endpoint))

    async def disable(self, endpoint: str, because: str) -> bool:
        """Send nothing to an executor any more; False if that was so."""
        return await self._database.write(partial(endpoints.disable, endpoint=endpoint, because=because), _ENDPOINTS)

    async def enable(self, endpoint: str) -> bool:
        """Send to an executor again; False if that was so."""
        return await self._database.write(partial(endpoints.enable, endpoint=endpoint), _ENDPOINTS)
