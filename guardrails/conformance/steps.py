"""What happens in a scenario, step by step."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from heed.guardrails.field_types import Duration, StrictModel

Text = Annotated[str, Field(min_length=1)]
# A policy as it is given: words name rules of `rules.yaml`, mappings are rules, and a text is a whole policy file.
GivenPolicy = tuple[str | Mapping[str, Any], ...] | Mapping[str, Any] | str


class Step(StrictModel):
    """One step; `called` is the name under which expectations find its reply."""

    called: Text | None = None


class Decide(Step):
    """Ask for a decision.

    Attributes
    ----------
    knows : mapping or None
        What the caller knows of the customer at this moment.
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
    """Ask for the same decision many times at once, of each of the customers; in one call if `together`."""

    do: Literal["burst"]
    customers: tuple[str, ...]
    times: Annotated[int, Field(ge=1, le=50)] = 1
    candidates: tuple[str, ...] | None = None
    key: Text | None = None
    together: bool = False


class Clock(Step):
    """Let it be another moment: one that is named, or so much later."""

    do: Literal["clock"]
    at: AwareDatetime | None = None
    later: Duration | None = None


class Report(Step):
    """Report facts, each about the customer that it names; `id` is the sender's own id where it matters."""

    do: Literal["report"]
    customers: tuple[Mapping[str, Any], ...] = ()
    consents: tuple[Mapping[str, Any], ...] = ()
    objections: tuple[Mapping[str, Any], ...] = ()
    signals: tuple[Mapping[str, Any], ...] = ()
    contacts: tuple[Mapping[str, Any], ...] = ()
    outcomes: tuple[Mapping[str, Any], ...] = ()


class Load(Step):
    """Put another policy into force."""

    do: Literal["load"]
    policy: GivenPolicy


class Settle(Step):
    """Have a person settle the review case that a decision opened."""

    do: Literal["settle"]
    case: str
    verdict: Literal["approve", "override", "reject"] = "approve"
    reviewer: Text = "reviewer"
    action: Text | None = None


class Executed(Step):
    """Report what became of the contact that a decision reserved, now or as of another moment."""

    do: Literal["executed"]
    decision: str
    status: Literal["executed", "failed"] = "executed"
    at: AwareDatetime | None = None


class Merge(Step):
    """Learn that two customers are one person."""

    do: Literal["merge"]
    kept: str
    merged: str


class Collect(Step):
    """Let an executor come for what waits to be sent."""

    do: Literal["collect"]
    customers: tuple[str, ...]


AnyStep = Annotated[
    Decide | Burst | Clock | Report | Load | Settle | Executed | Merge | Collect, Field(discriminator="do")
]
