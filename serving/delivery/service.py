"""Delivers outbox messages to executors after the guardrails are checked again."""

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
    """Leases messages to executors and records the results.

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
        """Messages that wait and are permitted now, longest ready first; the others are withdrawn or postponed.

        This delivers nothing: an executor has to take a message before it executes it.
        """
        while True:
            check = self._check()
            messages, rechecks = await self._ledger.run_blocking(partial(self._recheck_ready, check, limit))
            refused = [name for name, result in rechecks.items() if result is not None and not result.stopped]
            if not refused:
                return tuple(message for message in messages if rechecks[message.outbox_id] is None)
            await asyncio.gather(*(self._recheck_waiting(outbox_id, check) for outbox_id in refused))

    async def take(self, outbox_id: str) -> datetime:
        """Deliver one message to an executor that settles the contact itself; return the time.

        Raises
        ------
        Refused
            If it is not permitted now; it is withdrawn or postponed.
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
        """Lease up to `limit` messages to an executor; no other executor gets them until the lease expires."""
        taken: list[Lease] = []
        while len(taken) < limit:
            check = self._check()
            ready = await self._ledger.run_blocking(
                partial(self._ledger.outbox.ready, limit - len(taken), check.stop, reach)
            )
            outcomes = await asyncio.gather(
                *(self._lease(message.outbox_id, executor, lease, check) for message in ready), return_exceptions=True
            )
            failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            results = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
            taken.extend(result.handed for result in results if result.handed is not None)
            # Leases already granted are returned even if another failed.
            if failed and not taken:
                raise failed[0]
            # The outbox is empty, or others took the rest.
            if failed or all(result == LeaseResult() for result in results):
                break
        return tuple(taken)

    async def acknowledge(self, outbox_id: str, fence: int) -> str:
        """Record that an executor has delivered a message; return its new state."""
        return await self.settle(outbox_id, fence, DeliveryResult("delivered", delivered=True))

    async def fail(self, outbox_id: str, fence: int, *, retry: bool) -> str:
        """Record that an executor did not deliver a message; return its new state."""
        again = next_attempt(outbox_id, fence, self._clock()) if retry else None
        because = attempts_exhausted(fence) if retry else "The executor could not execute it."
        result = DeliveryResult("failed", certainly_not_taken=True, again=again, because=because)
        return await self.settle(outbox_id, fence, result)

    async def settle(self, outbox_id: str, fence: int, result: DeliveryResult) -> str:
        """Record the result of one lease; return the message's new state."""
        settled = await self._ledger.outbox.settle(outbox_id, fence, result)
        if settled.new:
            self._metrics.attempts.labels(result.result).inc()
        if settled.withdrawn:
            self._metrics.withdrawn.labels(UNDELIVERABLE).inc()
        return settled.state

    async def expire(self) -> int:
        """Withdraw messages that have waited too long; return how many."""
        check = DeliveryCheck(_no_objection, None, self._patience, MAX_ATTEMPTS)
        overdue = await self._ledger.run_blocking(
            partial(self._ledger.outbox.overdue, self._patience, _EXPIRED_AT_ONCE)
        )
        for outbox_id in overdue:
            await self._recheck_waiting(outbox_id, check)
        return len(overdue)

    async def message(self, outbox_id: str) -> MessageState:
        """The state of a message and its attempts."""
        return await self._ledger.run_blocking(partial(self._ledger.outbox.state, outbox_id))

    async def outbox_status(self) -> OutboxStatus:
        """The executors that messages are pushed to, and what waits."""
        return await self._ledger.run_blocking(self.status)

    def status(self) -> OutboxStatus:
        """The same, blocking."""
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

    def _recheck_ready(
        self, check: DeliveryCheck, limit: int
    ) -> tuple[tuple[OutboxMessage, ...], dict[str, RecheckResult | None]]:
        """Messages that are ready, and the objection to each if any."""
        messages = self._ledger.outbox.ready(limit, check.stop)
        return messages, {
            message.outbox_id: self._ledger.outbox.recheck(message.outbox_id, check) for message in messages
        }

    async def _lease(self, outbox_id: str, executor: str, lease: timedelta, check: DeliveryCheck) -> LeaseResult:
        result = await self._ledger.outbox.lease(outbox_id, executor, lease, check)
        self._count(result)
        return result

    async def _recheck_waiting(self, outbox_id: str, check: DeliveryCheck) -> None:
        self._count(await self._ledger.outbox.recheck_waiting(outbox_id, check))

    def _count(self, result: LeaseResult) -> None:
        if result.withdrawn is not None:
            self._metrics.withdrawn.labels(result.withdrawn.rule).inc()

    def _check(self) -> DeliveryCheck:
        """A recheck against the active policy, to run inside the transaction."""
        active = self._deployment.refresh()
        windows = active.windows

        def recheck_now(delivery: DeliveryContext) -> RecheckResult:
            self._clock.require()
            return recheck_message(self._deployment.current(), delivery, windows)

        return DeliveryCheck(recheck_now, windows, self._patience, MAX_ATTEMPTS, active.stop)


def _no_objection(_: DeliveryContext) -> RecheckResult:
    return RecheckResult()
