"""What may be said to the kill switch."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from decisioning.catalogue import MessageClass
from decisioning.verdict import Effect
from serving.ledger.operations.stopping import Order
from serving.requests.deciding import Request
from serving.requests.fields import Id, Name, Word

Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ResumeRequest(Request):
    """What to resume, and why: exactly what an order to stop named. Without a name it is everything."""

    reason: Reason
    by: Name
    channel: Word | None = None
    action_id: Id | None = None
    message_class: MessageClass | None = None

    def order(self) -> Order:
        """What the ledger records."""
        return Order(self.reason, self.by, Effect.SUPPRESS, self.channel, self.action_id, self.message_class)


class StopRequest(ResumeRequest):
    """What to stop, and why: a channel, an action, a message class, what is all of those named, or everything."""

    disposition: Literal["hold", "review"] = "hold"

    def order(self) -> Order:
        """What the ledger records."""
        effect = Effect.SUPPRESS if self.disposition == "hold" else Effect.REVIEW
        return replace(super().order(), effect=effect)
