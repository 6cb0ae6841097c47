"""What may be asked about policies."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Moment, Name, integral


class PolicyDiffRequest(RequestModel):
    """A policy that might take effect, to be compared with another on recorded decisions.

    `old` is the policy in force where it is left out, `since` is 30 days ago, and `by` is an attribute of customers.
    """

    policy: Annotated[str, Field(max_length=500_000)]
    old: Annotated[str, Field(max_length=500_000)] | None = None
    since: Moment | None = None
    by: Name | None = None
    limit: Annotated[int, Field(ge=1, le=2000), BeforeValidator(integral)] = 1000


class PolicyText(RequestModel):
    """A policy file's text."""

    policy: Annotated[str, Field(max_length=500_000)]
