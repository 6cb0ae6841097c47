"""The kill switch as callers see it: what is stopped, by the ledger or by the policy, and what was ordered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.kill_switch import Stop
from heed.decisioning.verdict import Effect
from heed.serving.deployment.active_versions import DeploymentManager
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.operations.kill_switch import RecordedOrder

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


def kill_switch_view(ledger: Ledger, deployment: DeploymentManager, limit: int = 50) -> SwitchView:
    """The switch at this moment."""
    stops = active_stops(ledger, deployment)
    return SwitchView(bool(stops), stops, tuple(_order(one) for one in ledger.orders(limit)))


def active_stops(ledger: Ledger, deployment: DeploymentManager) -> tuple[StopView, ...]:
    """What is stopped, by the ledger and by the policy in force."""
    flag = deployment.current().stop if deployment.ready else None
    by_policy = () if flag is None else (_shown(flag, "policy"),)
    return (*(_shown(one, "ledger") for one in ledger.stops()), *by_policy)


def _shown(stop: Stop, source: Literal["ledger", "policy"]) -> StopView:
    ending: Ending = "hold" if stop.effect is Effect.SUPPRESS else "review"
    about = (stop.channel, stop.action_id, stop.message_class)
    return StopView(stop.scope, ending, stop.reason, stop.since, source, *about)


def _order(one: RecordedOrder) -> OrderView:
    return OrderView(one.number, one.event, one.stop.since, one.ordered_by, one.stop.scope, one.stop.reason)
