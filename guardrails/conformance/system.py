"""What a scenario asks of the system that is tested, and what it gets back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

Json = Mapping[str, Any]


class Outcome(StrEnum):
    """How a request ended."""

    ACT = "act"
    HOLD = "hold"
    REVIEW = "review"
    DONE = "done"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class NotSupported(Exception):
    """The system has no way to do what a scenario asks; that is neither held nor failed."""


@dataclass(frozen=True)
class Reply:
    """The answer to one request, in words that every system has.

    Attributes
    ----------
    outcome : Outcome
        Act, hold or review for a decision; done for anything else that was accepted; refused where the request was
        turned down as wrong; unavailable where the system could not answer.
    customer : str or None
        Whom a decision or a message is about.
    action, contact_point : str or None
        What is to be executed, and where.
    proposed : str or None
        What a person is asked about.
    rule : str or None
        The rule that stood in the way.
    tells_rule : bool
        Whether the system names rules at all; expectations about them are left out where it does not.
    eligible_at : datetime or None
        When the customer may be contacted again.
    decision, review : str or None
        Ids of the decision and of its review case.
    detail : str
        Whatever else helps a person to see what happened.
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
    """A system under test. Whatever it cannot do raises :class:`NotSupported`.

    Facts, requests, actions and policies are in heed's vocabulary; an adapter translates them. Calls of `decide` come
    from several threads at once.
    """

    @property
    def name(self) -> str:
        """What the table calls it."""
        ...

    def begin(self, scenario: str) -> None:
        """Make ready for a scenario; its customers are new."""
        ...

    def set_clock(self, now: datetime) -> None:
        """Let it be this moment until the next call."""
        ...

    def load(self, policy: str, actions: Sequence[Json]) -> Reply:
        """Put a policy (YAML) and the actions on offer into force: done, or refused with the former still in force."""
        ...

    def report(self, kind: str, facts: Sequence[Json]) -> Reply:
        """Take facts: `kind` is customers, consents, objections, signals, contacts or outcomes."""
        ...

    def merge(self, kept: str, merged: str) -> Reply:
        """Learn that two customers are one person; decisions are asked of `kept` from now on."""
        ...

    def decide(self, request: Json, key: str | None) -> Reply:
        """Decide for one customer, under an idempotency key if one is given."""
        ...

    def decide_batch(self, requests: Sequence[Json], key: str | None) -> Sequence[Reply]:
        """Decide for many in one call, in order."""
        ...

    def settle(self, review: str, verdict: str, reviewer: str, action: str | None) -> Reply:
        """Have a person approve, override or reject a review case."""
        ...

    def waiting(self, customers: Sequence[str]) -> Sequence[Reply]:
        """What an executor that comes now would be handed for these customers: one act per message."""
        ...
