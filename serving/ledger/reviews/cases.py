"""Review cases, and what a person's verdict on one sets in motion."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from heed.decisioning.customer import Contact
from heed.serving.ledger.records import Windows


class ReviewState(StrEnum):
    """Where a review case stands. The last four are final."""

    OPEN = "open"
    CLAIMED = "claimed"
    APPROVED = "approved"
    OVERRIDDEN = "overridden"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def settled(self) -> bool:
        """Whether nothing can change any more."""
        return self not in {ReviewState.OPEN, ReviewState.CLAIMED}


class ReviewSort(StrEnum):
    """In which order open cases are worked through."""

    OLDEST = "oldest"
    SHORTFALL = "shortfall"


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """A review case as it stands at the moment of reading.

    Attributes
    ----------
    fence : int
        Grows with each claim; a verdict names the fence of its claim, so that a claim that ran out cannot settle.
    resolution_action_id : str or None
        What a person decided to do; None for rejected and expired.
    shortfall : float or None
        What the proposal is expected to be worth less than the best, in the catalogue's currency; None in cases from
        before it was told.
    """

    review_id: str
    decision_id: str
    customer_id: str
    state: ReviewState
    proposed_action_id: str | None
    opened_at: datetime
    expires_at: datetime
    claimed_by: str | None
    claim_expires_at: datetime | None
    fence: int
    resolved_at: datetime | None
    resolved_by: str | None
    resolution_action_id: str | None
    note: str | None
    shortfall: float | None


@dataclass(frozen=True, slots=True)
class ReviewEvent:
    """One thing that happened to a review case."""

    number: int
    at: datetime
    event: str
    actor: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Execution:
    """What a person's verdict sets in motion: the slot to take and the message for the executor, where there is one.

    Attributes
    ----------
    windows : tuple of timedelta or None
        The windows in which volumes are counted for the guardrails; None where no rule asks for them.
    """

    reservation_id: str
    reservation: Contact
    outbox: str | None = None
    cost: float = 0.0
    windows: Windows | None = None
