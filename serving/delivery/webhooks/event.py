"""The body of a webhook, in the shape of Standard Webhooks: type, timestamp, data."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from heed.serving.ledger.outbox import OutboxMessage

EVENT_TYPE = "action.execute"


@dataclass(frozen=True, slots=True)
class ExecuteData:
    """One action to execute.

    Attributes
    ----------
    decision_id : str
        The decision behind it; name it when the contact is reported.
    reservation_id : str
        The slot that ``POST /v1/contacts`` settles.
    contact_point : str or None
        Where to, under the opaque name that the customer was reported with; None for channels without addresses.
    expires_at : datetime
        Execute it before this moment or not at all.
    """

    decision_id: str
    reservation_id: str
    customer_id: str
    action_id: str
    channel: str
    purpose: str
    contact_point: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ExecuteEvent:
    """heed decided that an action is to be executed; `timestamp` says when."""

    type: str
    timestamp: datetime
    data: ExecuteData


def event_body(message: OutboxMessage, expires_at: datetime) -> bytes:
    """The JSON to be signed and sent, the same for every attempt."""
    data = ExecuteData(**orjson.loads(message.payload), expires_at=expires_at)
    return orjson.dumps(ExecuteEvent(EVENT_TYPE, message.created_at, data), option=orjson.OPT_UTC_Z)
