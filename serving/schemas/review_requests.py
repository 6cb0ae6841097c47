"""What reviewers may say."""

from typing import Annotated

from pydantic import Field

from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Counter, Id, Name, Text

Reviewer = Annotated[
    Name | None, Field(description="Who decides; where the request carries a key, the key's name counts instead.")
]


class ClaimRequest(RequestModel):
    """Take a case, for as long as a claim lasts."""

    reviewer: Reviewer = None


class SettleRequest(RequestModel):
    """Settle a claimed case; `fence` is the number that the claim returned."""

    reviewer: Reviewer = None
    fence: Counter
    note: Text | None = None


class OverrideRequest(SettleRequest):
    """Settle a claimed case with another admissible candidate of its decision."""

    action_id: Id
