"""What callers may ask for: decisions and scores. Unknown fields are refused, and errors are silent about values."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from heed.decisioning.decision import Explain
from heed.serving.schemas.fields import Id, Name, PersonId, Values


class RequestModel(BaseModel):
    """Base of all requests: strict, frozen, and silent about values."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class InlineCustomer(RequestModel):
    """What the caller knows of the customer at this moment; it overlays the record, and never widens consent."""

    attributes: Values = Field(default_factory=dict)
    time_zone: Name | None = None
    jurisdiction: Name | None = None


def _each_once(named: list[str]) -> list[str]:
    if len(set(named)) < len(named):
        raise ValueError("a candidate is named twice")
    return named


Candidates = Annotated[
    list[Id],
    Field(min_length=1, max_length=1000, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]


class DecideRequest(RequestModel):
    """One decision."""

    customer_id: PersonId
    customer: InlineCustomer | None = None
    candidates: Candidates | None = None
    context: Values = Field(default_factory=dict)
    explain: Explain = Explain.CHOSEN


class DecideBatchRequest(RequestModel):
    """Many decisions, each answered on its own."""

    requests: Annotated[list[DecideRequest], Field(min_length=1, max_length=1000)]


class ScoreRequest(RequestModel):
    """Scores and contributions for candidates: no verdicts, no ledger, no side effects."""

    customer_id: PersonId
    customer: InlineCustomer | None = None
    candidates: Candidates | None = None
    context: Values = Field(default_factory=dict)
    explain: Explain = Explain.NONE
