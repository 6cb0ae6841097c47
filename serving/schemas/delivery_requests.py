"""Requests from executors."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Counter, Name, integral


class TakeRequest(RequestModel):
    """Lease messages: for `lease_seconds` no other executor gets them."""

    executor: Name
    limit: Annotated[int, Field(ge=1, le=500), BeforeValidator(integral)] = 50
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0


class AcknowledgeRequest(RequestModel):
    """Acknowledge a leased message; `fence` is the number that came with it."""

    fence: Counter


class FailRequest(AcknowledgeRequest):
    """Report that a message was not executed; `retry` says whether it is delivered again later."""

    retry: bool = True
