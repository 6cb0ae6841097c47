"""Carries messages to the executor in the background, as they become ready and so many at once.

A message is handed over in the ledger right before it is sent, by the same check as one that is taken, and what came
of it is written down right after. An attempt that is cut off by the end of the process stays open in the ledger: its
fate is unknown, its slot counts, and it is tried again under the same id.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from heed.decisioning.errors import HeedError
from heed.serving.delivery.retry import next_attempt
from heed.serving.delivery.service import DeliveryService, attempts_exhausted
from heed.serving.delivery.webhooks.endpoint import Endpoint
from heed.serving.delivery.webhooks.event import event_body
from heed.serving.delivery.webhooks.http_transport import AttemptOutcome, AttemptResult
from heed.serving.delivery.webhooks.signature import signature_headers
from heed.serving.ledger.leases import DeliveryResult, Lease

logger = logging.getLogger("heed.serving")

HOLDER = "webhook"
_LOOK_SECONDS = 0.5
_ERROR_SECONDS = 5.0
# What a lease lasts beyond an attempt, so that what came of it is written down before anybody else is handed it.
_MARGIN = timedelta(seconds=30)


class Transport(Protocol):
    """One attempt to hand a body to an executor."""

    async def send(self, body: bytes, headers: dict[str, str], now: datetime) -> AttemptResult:
        """Make one attempt; whatever goes wrong is an answer and no error."""
        ...

    async def close(self) -> None:
        """Give back all connections."""
        ...


class WebhookWorker:
    """Pushes messages to one endpoint until it is stopped.

    Parameters
    ----------
    clock : callable
        The present moment, with an offset: what is signed, and what waits are reckoned from.
    """

    def __init__(
        self,
        *,
        delivery: DeliveryService,
        endpoint: Endpoint,
        transport: Transport,
        clock: Callable[[], datetime],
    ) -> None:
        self.endpoint = endpoint
        self._delivery = delivery
        self._transport = transport
        self._clock = clock
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def run(self, succeeded: Callable[[], None], failed: Callable[[Exception], None]) -> None:
        """Push messages until `stop` is called.

        Parameters
        ----------
        succeeded, failed : callable
            Told whether the outbox could be read, each time that it is.
        """
        while not self._stopping.is_set():
            try:
                started, pause = await self.start_ready(), _LOOK_SECONDS
                succeeded()
            except Exception as error:  # noqa: BLE001 - nobody would notice that messages wait for ever
                failed(error)
                started, pause = 0, _ERROR_SECONDS
            if len(self._under_way) >= self.endpoint.width:
                await asyncio.wait(self._under_way, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            elif not started:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)

    async def start_ready(self) -> int:
        """Begin as many attempts as there is room and need for; how many were begun."""
        room = self.endpoint.width - len(self._under_way)
        if room <= 0 or await self._delivery.is_disabled(self.endpoint):
            return 0
        lease = timedelta(seconds=self.endpoint.seconds) + _MARGIN
        handed = await self._delivery.lease_many(HOLDER, room, lease, self.endpoint.reach)
        for one in handed:
            task = asyncio.create_task(self._attempt(one))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(handed)

    async def finish(self) -> None:
        """Wait for the attempts under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def stop(self) -> None:
        """Begin no more attempts, let those under way come to their end within their time, and let go of connections.

        What is cut off stays open in the ledger.
        """
        self._stopping.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.finish(), self.endpoint.seconds)
        left = list(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._transport.close()

    async def _attempt(self, handed: Lease) -> None:
        now, message_id = self._clock(), handed.message.outbox_id
        try:
            body = event_body(handed.message, handed.expires_at)
            answer = await self._transport.send(body, signature_headers(self.endpoint.keys, message_id, now, body), now)
            if answer.result is AttemptOutcome.GONE:
                await self._give_up(answer)
            await self._delivery.settle(message_id, handed.fence, self._told(handed, answer))
        except Exception as error:  # noqa: BLE001 - one message must not stop the others
            logger.warning("what came of an attempt could not be kept, so it counts as unknown: %s", _named(error))

    async def _give_up(self, answer: AttemptResult) -> None:
        if await self._delivery.disable(self.endpoint, f"The executor answered {answer.status}."):
            logger.warning("%s answered %s: nothing is sent there any more", self.endpoint.origin, answer.status)

    def _told(self, handed: Lease, answer: AttemptResult) -> DeliveryResult:
        result, fence = answer.result, handed.fence
        return DeliveryResult(
            result.value,
            delivered=result is AttemptOutcome.DELIVERED,
            certainly_not_taken=result.certainly_not_taken,
            again=next_attempt(handed.message.outbox_id, fence, self._clock(), answer.wait),
            because=attempts_exhausted(fence),
            status=answer.status,
        )


def _named(error: Exception) -> str:
    """What went wrong, without what may be personal in it."""
    return str(error) if isinstance(error, HeedError) else type(error).__name__
