"""Orders to the kill switch."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.verdict import Effect
from heed.serving.ledger.operations.kill_switch import StopOrder
from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Id, Name, Word

Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ResumeRequest(RequestModel):
    """What to resume, and why: exactly what a stop order named. An order that names nothing is about everything."""

    reason: Reason
    by: Name
    channel: Word | None = None
    action_id: Id | None = None
    message_class: MessageClass | None = None

    def order(self) -> StopOrder:
        """The order that the ledger records."""
        return StopOrder(self.reason, self.by, Effect.SUPPRESS, self.channel, self.action_id, self.message_class)


class StopRequest(ResumeRequest):
    """What to stop, and why: a channel, an action, a message class, a combination of them, or everything."""

    disposition: Literal["hold", "review"] = "hold"

    def order(self) -> StopOrder:
        """The order that the ledger records."""
        effect = Effect.SUPPRESS if self.disposition == "hold" else Effect.REVIEW
        return replace(super().order(), effect=effect)
