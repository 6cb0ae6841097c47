"""What executors send."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Counter, Name, integral


class TakeRequest(RequestModel):
    """Take messages for a while: until `lease_seconds` are over nobody else gets them."""

    executor: Name
    limit: Annotated[int, Field(ge=1, le=500), BeforeValidator(integral)] = 50
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0


class AcknowledgeRequest(RequestModel):
    """`fence` is the number that came with the message."""

    fence: Counter


class FailRequest(AcknowledgeRequest):
    """Say that nothing was done with a message: `retry` to have it handed out again later, or not at all."""

    retry: bool = True
