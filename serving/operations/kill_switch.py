"""The kill switch: what the ledger or the policy has stopped, and the history of orders."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.kill_switch import Stop
from heed.decisioning.verdict import Effect
from heed.serving.deployment.deployment_manager import DeploymentManager
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.operations.kill_switch import RecordedOrder, StopOrder

__all__ = ["KillSwitch", "OrderView", "StopOrder", "StopView", "SwitchView"]

logger = logging.getLogger("heed.serving")

Ending = Literal["hold", "review"]


@dataclass(frozen=True, slots=True)
class StopView:
    """Something that is stopped.

    Attributes
    ----------
    scope : str
        What it is, in words.
    disposition : str
        What an act of it becomes.
    since : datetime or None
        None where the policy says so.
    """

    scope: str
    disposition: Ending
    reason: str
    since: datetime | None
    source: Literal["ledger", "policy"]
    channel: str | None = None
    action_id: str | None = None
    message_class: MessageClass | None = None


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order in the history of the switch."""

    number: int
    event: Literal["stop", "resume"]
    at: datetime | None
    by: str
    scope: str
    reason: str


@dataclass(frozen=True, slots=True)
class SwitchView:
    """The kill switch: what is stopped, and the latest orders, newest first."""

    stopped: bool
    stops: Sequence[StopView]
    orders: Sequence[OrderView]


class KillSwitch:
    """Stops and resumes acts on every worker. Needs the ledger alone: no model and no policy."""

    def __init__(self, *, ledger: Ledger, deployment: DeploymentManager) -> None:
        self._ledger = ledger
        self._deployment = deployment

    async def stop(self, order: StopOrder) -> SwitchView:
        """Stop what the order names; no act that it covers commits after this returns."""
        await self._ledger.kill_switch.stop(order)
        logger.warning("an order to stop was recorded")
        return await self._ledger.run_blocking(self.view)

    async def resume(self, order: StopOrder) -> SwitchView:
        """Lift the stop of exactly this scope; `Conflict` where there is none."""
        await self._ledger.kill_switch.resume(order)
        logger.warning("an order to resume was recorded")
        return await self._ledger.run_blocking(self.view)

    def view(self, limit: int = 50) -> SwitchView:
        """What is stopped now, and the latest orders."""
        stops = self.stops()
        return SwitchView(bool(stops), stops, tuple(_order(order) for order in self._ledger.kill_switch.history(limit)))

    def stops(self) -> tuple[StopView, ...]:
        """What is stopped now, by the ledger and by the policy in force."""
        flag = self._deployment.current().stop if self._deployment.ready else None
        by_policy = () if flag is None else (_stop_view(flag, "policy"),)
        return (*(_stop_view(stop, "ledger") for stop in self._ledger.kill_switch.active()), *by_policy)


def _stop_view(stop: Stop, source: Literal["ledger", "policy"]) -> StopView:
    ending: Ending = "hold" if stop.effect is Effect.SUPPRESS else "review"
    about = (stop.channel, stop.action_id, stop.message_class)
    return StopView(stop.scope, ending, stop.reason, stop.since, source, *about)


def _order(order: RecordedOrder) -> OrderView:
    return OrderView(order.number, order.event, order.stop.since, order.ordered_by, order.stop.scope, order.stop.reason)
