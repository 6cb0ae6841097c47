"""The interface of a system under test, and its replies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

Json = Mapping[str, Any]


class Outcome(StrEnum):
    """Outcome of a request."""

    ACT = "act"
    HOLD = "hold"
    REVIEW = "review"
    DONE = "done"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class NotSupported(Exception):
    """The system cannot do what a scenario needs, which counts neither as held nor as failed."""


@dataclass(frozen=True)
class Reply:
    """The reply to one request, in terms that every system has.

    Attributes
    ----------
    outcome : Outcome
        Act, hold or review for a decision; done for any other accepted request; refused for a rejected request;
        unavailable where the system could not answer.
    customer : str or None
        The customer of a decision or message.
    action, contact_point : str or None
        The action to execute, and its contact point.
    proposed : str or None
        The action that a person reviews.
    rule : str or None
        The rule that objected.
    tells_rule : bool
        Whether the system reports rules; if not, expectations about them are skipped.
    eligible_at : datetime or None
        When the customer may be contacted again.
    decision, review : str or None
        Ids of the decision and of its review case.
    detail : str
        Further details for people.
    """

    outcome: Outcome
    customer: str | None = None
    action: str | None = None
    contact_point: str | None = None
    proposed: str | None = None
    rule: str | None = None
    tells_rule: bool = True
    eligible_at: datetime | None = None
    decision: str | None = None
    review: str | None = None
    detail: str = ""


class System(Protocol):
    """A system under test. What it cannot do raises :class:`NotSupported`.

    Facts, requests, actions and policies use heed's terms; an adapter translates them. `decide` is called from several
    threads at once.
    """

    @property
    def name(self) -> str:
        """Name of the system in tables."""
        ...

    def begin(self, scenario: str) -> None:
        """Prepare for a scenario; its customers are new."""
        ...

    def set_clock(self, now: datetime) -> None:
        """Set the clock to this moment until the next call."""
        ...

    def load(self, policy: str, actions: Sequence[Json]) -> Reply:
        """Activate a policy (YAML) and its actions: done, or refused with the former policy still active."""
        ...

    def report(self, kind: str, facts: Sequence[Json]) -> Reply:
        """Record facts: `kind` is customers, consents, objections, signals, contacts or outcomes."""
        ...

    def merge(self, kept: str, merged: str) -> Reply:
        """Merge two customers who are one person; later requests use `kept`."""
        ...

    def decide(self, request: Json, key: str | None) -> Reply:
        """Decide for one customer, with an idempotency key if given."""
        ...

    def decide_batch(self, requests: Sequence[Json], key: str | None) -> Sequence[Reply]:
        """Decide for many in one call, in order."""
        ...

    def settle(self, review: str, verdict: str, reviewer: str, action: str | None) -> Reply:
        """Approve, override or reject a review case as a person."""
        ...

    def waiting(self, customers: Sequence[str]) -> Sequence[Reply]:
        """Messages that an executor would get now for these customers: one act per message."""
        ...
