"""Requests about policies."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Moment, Name, integral


class PolicyDiffRequest(RequestModel):
    """A policy to compare with another on recorded decisions.

    By default `old` is the active policy and `since` is 30 days ago. `by` is a customer attribute to group by.
    """

    policy: Annotated[str, Field(max_length=500_000)]
    old: Annotated[str, Field(max_length=500_000)] | None = None
    since: Moment | None = None
    by: Name | None = None
    limit: Annotated[int, Field(ge=1, le=2000), BeforeValidator(integral)] = 1000


class PolicyText(RequestModel):
    """The text of a policy file."""

    policy: Annotated[str, Field(max_length=500_000)]
