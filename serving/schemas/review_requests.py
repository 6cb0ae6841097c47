"""Requests from reviewers."""

from typing import Annotated

from pydantic import Field

from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Counter, Id, Name, Text

Reviewer = Annotated[
    Name | None, Field(description="The reviewer; if the request carries an API key, the key's name is used instead.")
]


class ClaimRequest(RequestModel):
    """Claim a case until the claim expires."""

    reviewer: Reviewer = None


class SettleRequest(RequestModel):
    """Settle a claimed case; `fence` is the number that the claim returned."""

    reviewer: Reviewer = None
    fence: Counter
    note: Text | None = None


class OverrideRequest(SettleRequest):
    """Settle a claimed case with another admissible candidate of its decision."""

    action_id: Id
