"""The hands between the outbox and executors: whoever comes gets what is still permitted, and nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from heed.decisioning.recheck_result import RecheckResult
from heed.serving.delivery.message_recheck import recheck_message
from heed.serving.delivery.retry import MAX_ATTEMPTS, next_attempt
from heed.serving.delivery.webhooks.endpoint import Endpoint
from heed.serving.deployment.active_versions import VersionSource
from heed.serving.ledger.leases import DeliveryCheck, DeliveryContext, DeliveryResult, Lease, LeaseResult
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.outbox import (
    ALL_CHANNELS,
    Backlog,
    ChannelFilter,
    DisabledEndpoint,
    MessageState,
    OutboxMessage,
)
from heed.serving.monotonic_clock import MonotonicClock
from heed.serving.observability.metrics import Metrics

_EXPIRED_AT_ONCE = 500
UNDELIVERABLE = "heed-undeliverable"


def attempts_exhausted(attempts: int) -> str:
    """Why a message is given up."""
    return f"It was tried {attempts} times in vain."


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """An executor that messages are pushed to, and since when and why nothing is, where that is so."""

    channel: str | None
    origin: str
    disabled: DisabledEndpoint | None

    @property
    def enabled(self) -> bool:
        """Whether messages are pushed there."""
        return self.disabled is None


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """Where messages are pushed, and how many wait."""

    endpoints: tuple[EndpointStatus, ...]
    backlog: Backlog

    @property
    def pushed(self) -> bool:
        """Whether any executor is pushed to."""
        return any(endpoint.enabled for endpoint in self.endpoints)


class DeliveryService:
    """Gives messages out, and takes down what became of them.

    Parameters
    ----------
    clock : MonotonicClock
        The present moment, with an offset, which does not go back.
    patience : timedelta
        How long a message may wait.
    endpoints : sequence of Endpoint
        Executors that messages are pushed to.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        deployment: VersionSource,
        clock: MonotonicClock,
        patience: timedelta,
        metrics: Metrics,
        endpoints: Sequence[Endpoint] = (),
    ) -> None:
        self._ledger = ledger
        self._deployment = deployment
        self._clock = clock
        self._patience = patience
        self._metrics = metrics
        self._endpoints = tuple(endpoints)

    async def waiting(self, limit: int) -> tuple[OutboxMessage, ...]:
        """Messages that wait and are permitted now, longest ready first; those that are not are withdrawn or put off.

        Nothing is handed over by this: what is to be executed has to be taken.
        """
        while True:
            check = self._check()
            messages, said = await self._ledger.run_blocking(partial(self._looked_at, check, limit))
            against = [name for name, ruling in said.items() if ruling is not None and not ruling.stopped]
            if not against:
                return tuple(one for one in messages if said[one.outbox_id] is None)
            await asyncio.gather(*(self._look(one, check) for one in against))

    async def take(self, outbox_id: str) -> datetime:
        """Give one message to the executor who takes it and settles the contact alone; when that was.

        Raises
        ------
        Refused
            If it is not permitted now; it is withdrawn or put off.
        Conflict
            If it was withdrawn before, or another executor has it.
        """
        confirmation = await self._ledger.outbox.mark_delivered(outbox_id, self._check())
        if confirmation.refusal is not None:
            self._count(confirmation.held_back)
            raise confirmation.refusal
        self._metrics.attempts.labels("delivered").inc(int(confirmation.new))
        return self._clock()

    async def lease_many(
        self, executor: str, limit: int, lease: timedelta, reach: ChannelFilter = ALL_CHANNELS
    ) -> tuple[Lease, ...]:
        """Give up to so many messages to an executor for a while; nobody else gets them until then."""
        taken: list[Lease] = []
        while len(taken) < limit:
            check = self._check()
            ready = await self._ledger.run_blocking(
                partial(self._ledger.outbox.ready, limit - len(taken), check.stop, reach)
            )
            asked = await asyncio.gather(
                *(self._ask(one.outbox_id, executor, lease, check) for one in ready), return_exceptions=True
            )
            failed = [one for one in asked if isinstance(one, BaseException)]
            came = [one for one in asked if not isinstance(one, BaseException)]
            taken.extend(one.handed for one in came if one.handed is not None)
            # What was handed over is not lost because another was not.
            if failed and not taken:
                raise failed[0]
            # Nothing is there any more, or others took what was.
            if failed or all(one == LeaseResult() for one in came):
                break
        return tuple(taken)

    async def acknowledge(self, outbox_id: str, fence: int) -> str:
        """Take down that an executor has a message for good; where it stands then."""
        return await self.settle(outbox_id, fence, DeliveryResult("delivered", delivered=True))

    async def fail(self, outbox_id: str, fence: int, *, retry: bool) -> str:
        """Take down that an executor did nothing with a message; where it stands then."""
        again = next_attempt(outbox_id, fence, self._clock()) if retry else None
        because = attempts_exhausted(fence) if retry else "The executor could not execute it."
        told = DeliveryResult("failed", certainly_not_taken=True, again=again, because=because)
        return await self.settle(outbox_id, fence, told)

    async def settle(self, outbox_id: str, fence: int, told: DeliveryResult) -> str:
        """Take down what came of one handing; where the message stands then."""
        settled = await self._ledger.outbox.settle(outbox_id, fence, told)
        if settled.new:
            self._metrics.attempts.labels(told.result).inc()
        if settled.withdrawn:
            self._metrics.withdrawn.labels(UNDELIVERABLE).inc()
        return settled.state

    async def expire(self) -> int:
        """Withdraw what has waited too long; how much it was."""
        check = DeliveryCheck(_nothing_more, None, self._patience, MAX_ATTEMPTS)
        overdue = await self._ledger.run_blocking(
            partial(self._ledger.outbox.overdue, self._patience, _EXPIRED_AT_ONCE)
        )
        for outbox_id in overdue:
            await self._look(outbox_id, check)
        return len(overdue)

    async def message(self, outbox_id: str) -> MessageState:
        """Where a message stands, and what was tried."""
        return await self._ledger.run_blocking(partial(self._ledger.outbox.state, outbox_id))

    async def outbox_status(self) -> OutboxStatus:
        """The executors that messages are pushed to, and what waits."""
        return await self._ledger.run_blocking(self.status)

    def status(self) -> OutboxStatus:
        """The same, for a thread that may wait for the ledger."""
        return OutboxStatus(self.endpoints(), self._ledger.outbox.backlog())

    def endpoints(self) -> tuple[EndpointStatus, ...]:
        """The executors that messages are pushed to."""
        return tuple(
            EndpointStatus(endpoint.channel, endpoint.origin, self._ledger.outbox.disabled_endpoint(endpoint.name))
            for endpoint in self._endpoints
        )

    async def enable_endpoints(self) -> OutboxStatus:
        """Push again to every executor that answered 410."""
        for endpoint in self._endpoints:
            await self._ledger.outbox.enable_endpoint(endpoint.name)
        return await self.outbox_status()

    async def is_disabled(self, endpoint: Endpoint) -> bool:
        """Whether nothing is pushed to this executor."""
        return (
            await self._ledger.run_blocking(partial(self._ledger.outbox.disabled_endpoint, endpoint.name)) is not None
        )

    async def disable(self, endpoint: Endpoint, because: str) -> bool:
        """Push nothing to this executor any more; False if that was so."""
        return await self._ledger.outbox.disable_endpoint(endpoint.name, because)

    def _looked_at(
        self, check: DeliveryCheck, limit: int
    ) -> tuple[tuple[OutboxMessage, ...], dict[str, RecheckResult | None]]:
        """Messages that can be handed over, and what stands against each."""
        messages = self._ledger.outbox.ready(limit, check.stop)
        return messages, {one.outbox_id: self._ledger.outbox.recheck(one.outbox_id, check) for one in messages}

    async def _ask(self, outbox_id: str, executor: str, lease: timedelta, check: DeliveryCheck) -> LeaseResult:
        asked = await self._ledger.outbox.lease(outbox_id, executor, lease, check)
        self._count(asked)
        return asked

    async def _look(self, outbox_id: str, check: DeliveryCheck) -> None:
        self._count(await self._ledger.outbox.recheck_waiting(outbox_id, check))

    def _count(self, asked: LeaseResult) -> None:
        if asked.withdrawn is not None:
            self._metrics.withdrawn.labels(asked.withdrawn.rule).inc()

    def _check(self) -> DeliveryCheck:
        """What is in force now, asked for once more inside the transaction."""
        present = self._deployment.refresh()
        windows = present.windows

        def asked(release: DeliveryContext) -> RecheckResult:
            self._clock.require()
            return recheck_message(self._deployment.current(), release, windows)

        return DeliveryCheck(asked, windows, self._patience, MAX_ATTEMPTS, present.stop)


def _nothing_more(_: DeliveryContext) -> RecheckResult:
    return RecheckResult()
