"""Requests for decisions and scores, and the base of all requests."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from heed.decisioning.decision import Explain
from heed.serving.schemas.fields import Id, Name, PersonId, Values


class RequestModel(BaseModel):
    """Base of all requests: strict and frozen; unknown fields are refused, and errors hide values."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class InlineCustomer(RequestModel):
    """What the caller knows about the customer now; it overrides the record, and never widens consent."""

    attributes: Values = Field(default_factory=dict)
    time_zone: Name | None = None
    jurisdiction: Name | None = None


def _unique(candidates: list[str]) -> list[str]:
    if len(set(candidates)) < len(candidates):
        raise ValueError("duplicate candidate")
    return candidates


Candidates = Annotated[
    list[Id],
    Field(min_length=1, max_length=1000, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_unique),
]


class DecideRequest(RequestModel):
    """A request for one decision."""

    customer_id: PersonId
    customer: InlineCustomer | None = None
    candidates: Candidates | None = None
    context: Values = Field(default_factory=dict)
    explain: Explain = Explain.CHOSEN


class DecideBatchRequest(RequestModel):
    """Requests for many decisions, each answered independently."""

    requests: Annotated[list[DecideRequest], Field(min_length=1, max_length=1000)]


class ScoreRequest(RequestModel):
    """Scores and contributions for candidates: no verdicts, no ledger, no side effects."""

    customer_id: PersonId
    customer: InlineCustomer | None = None
    candidates: Candidates | None = None
    context: Values = Field(default_factory=dict)
    explain: Explain = Explain.NONE
