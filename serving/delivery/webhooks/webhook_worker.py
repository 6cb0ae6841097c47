"""Pushes messages to an executor in the background as they become ready, with bounded concurrency.

A message is leased in the ledger right before it is sent, after the same recheck as for executors that pull, and its
result is recorded right after. An attempt interrupted by the end of the process stays open in the ledger: its result
is unknown, its slot counts, and it is retried under the same id.
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
# How long a lease outlasts an attempt, so that the result is recorded before anybody else gets the message.
_MARGIN = timedelta(seconds=30)


class Transport(Protocol):
    """Sends the body of a message to an executor."""

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
        The current time, with an offset, for signatures and retry delays.
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
            Called after each attempt to read the outbox.
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
        """Start an attempt for each ready message while there is room; return how many."""
        room = self.endpoint.width - len(self._under_way)
        if room <= 0 or await self._delivery.is_disabled(self.endpoint):
            return 0
        duration = timedelta(seconds=self.endpoint.seconds) + _MARGIN
        leases = await self._delivery.lease_many(HOLDER, room, duration, self.endpoint.reach)
        for lease in leases:
            task = asyncio.create_task(self._attempt(lease))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(leases)

    async def finish(self) -> None:
        """Wait for the attempts under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def stop(self) -> None:
        """Start no more attempts, wait for those under way up to their time limit, and close connections.

        An interrupted attempt stays open in the ledger.
        """
        self._stopping.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.finish(), self.endpoint.seconds)
        left = list(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._transport.close()

    async def _attempt(self, lease: Lease) -> None:
        now, message_id = self._clock(), lease.message.outbox_id
        try:
            body = event_body(lease.message, lease.expires_at)
            attempt = await self._transport.send(
                body, signature_headers(self.endpoint.keys, message_id, now, body), now
            )
            if attempt.result is AttemptOutcome.GONE:
                await self._disable(attempt)
            await self._delivery.settle(message_id, lease.fence, self._delivery_result(lease, attempt))
        except Exception as error:  # noqa: BLE001 - one message must not stop the others
            logger.warning("what came of an attempt could not be kept, so it counts as unknown: %s", _error_text(error))

    async def _disable(self, attempt: AttemptResult) -> None:
        if await self._delivery.disable(self.endpoint, f"The executor answered {attempt.status}."):
            logger.warning("%s answered %s: nothing is sent there any more", self.endpoint.origin, attempt.status)

    def _delivery_result(self, lease: Lease, attempt: AttemptResult) -> DeliveryResult:
        result, fence = attempt.result, lease.fence
        return DeliveryResult(
            result.value,
            delivered=result is AttemptOutcome.DELIVERED,
            certainly_not_taken=result.certainly_not_taken,
            again=next_attempt(lease.message.outbox_id, fence, self._clock(), attempt.wait),
            because=attempts_exhausted(fence),
            status=attempt.status,
        )


def _error_text(error: Exception) -> str:
    """The error without personal data."""
    return str(error) if isinstance(error, HeedError) else type(error).__name__
