"""What executors send."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from serving.requests.deciding import Request
from serving.requests.fields import Counter, Name, whole


class TakeRequest(Request):
    """Take messages for a while: until `lease_seconds` are over nobody else gets them."""

    executor: Name
    limit: Annotated[int, Field(ge=1, le=500), BeforeValidator(whole)] = 50
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0


class AcknowledgeRequest(Request):
    """`fence` is the number that came with the message."""

    fence: Counter


class FailRequest(AcknowledgeRequest):
    """Say that nothing was done with a message: `retry` to have it handed out again later, or not at all."""

    retry: bool = True
