"""The steps of a scenario."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from heed.guardrails.field_types import Duration, StrictModel

Text = Annotated[str, Field(min_length=1)]
# Names refer to rules of `rules.yaml`, mappings are rules or a policy, and a text is a whole policy file.
GivenPolicy = tuple[str | Mapping[str, Any], ...] | Mapping[str, Any] | str


class Step(StrictModel):
    """One step; expectations refer to its replies by the name `called`."""

    called: Text | None = None


class Decide(Step):
    """Request a decision.

    Attributes
    ----------
    knows : mapping or None
        Facts of the customer that the caller sends with the request.
    key : str or None
        Idempotency key.
    """

    do: Literal["decide"]
    customer: str
    candidates: tuple[str, ...] | None = None
    context: Mapping[str, Any] | None = None
    knows: Mapping[str, Any] | None = None
    key: Text | None = None


class Burst(Step):
    """Request the same decision many times at once for each customer; in one call if `together`."""

    do: Literal["burst"]
    customers: tuple[str, ...]
    times: Annotated[int, Field(ge=1, le=50)] = 1
    candidates: tuple[str, ...] | None = None
    key: Text | None = None
    together: bool = False


class Clock(Step):
    """Move the clock to a moment, or forward by a duration."""

    do: Literal["clock"]
    at: AwareDatetime | None = None
    later: Duration | None = None


class Report(Step):
    """Report facts, each with its customer; `id` is the sender's own id where it matters."""

    do: Literal["report"]
    customers: tuple[Mapping[str, Any], ...] = ()
    consents: tuple[Mapping[str, Any], ...] = ()
    objections: tuple[Mapping[str, Any], ...] = ()
    signals: tuple[Mapping[str, Any], ...] = ()
    contacts: tuple[Mapping[str, Any], ...] = ()
    outcomes: tuple[Mapping[str, Any], ...] = ()


class Load(Step):
    """Activate another policy."""

    do: Literal["load"]
    policy: GivenPolicy


class Settle(Step):
    """A person settles the review case of a decision."""

    do: Literal["settle"]
    case: str
    verdict: Literal["approve", "override", "reject"] = "approve"
    reviewer: Text = "reviewer"
    action: Text | None = None


class Executed(Step):
    """Report the result of the contact that a decision reserved, now or as of another moment."""

    do: Literal["executed"]
    decision: str
    status: Literal["executed", "failed"] = "executed"
    at: AwareDatetime | None = None


class Merge(Step):
    """Merge two customers who are one person."""

    do: Literal["merge"]
    kept: str
    merged: str


class Collect(Step):
    """An executor collects the messages that wait."""

    do: Literal["collect"]
    customers: tuple[str, ...]


AnyStep = Annotated[
    Decide | Burst | Clock | Report | Load | Settle | Executed | Merge | Collect, Field(discriminator="do")
]
