"""A model of the ledger that is plainly right: lists in memory, no transactions, no SQL."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from decisioning.customer import ConsentStatus, ContactState, Facts
from serving.ledger.cases import ReviewState
from tests.serving.ledger_cases import counting

CUSTOMERS = ("ada", "bob")
CAP = 2
WINDOW = timedelta(days=7)


@dataclass
class Slot:
    customer: str
    at: datetime
    state: ContactState = ContactState.RESERVED


@dataclass
class ModelCase:
    customer: str
    expires_at: datetime
    state: ReviewState = ReviewState.OPEN
    reviewer: str | None = None
    fence: int = 0
    claimed_until: datetime | None = None

    def at(self, now: datetime) -> ReviewState:
        if self.state.settled:
            return self.state
        if self.expires_at <= now:
            return ReviewState.EXPIRED
        lapsed = self.claimed_until is not None and self.claimed_until <= now
        return ReviewState.OPEN if lapsed else self.state


@dataclass
class Model:
    consents: dict[str, list[str]] = field(default_factory=lambda: {one: [] for one in CUSTOMERS})
    versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CUSTOMERS, 0))
    slots: dict[str, Slot] = field(default_factory=dict)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)
    cases: dict[str, ModelCase] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)

    def said(self, customer: str, status: str) -> None:
        self.consents[customer].append(status)
        self.versions[customer] += 1

    def reserved(self, decision_id: str, customer: str, now: datetime) -> None:
        self.slots[decision_id] = Slot(customer, now)
        self.waiting.append(decision_id)
        self.versions[customer] += 1

    def used(self, customer: str, now: datetime) -> int:
        counted = [one for one in self.slots.values() if one.state is not ContactState.RELEASED]
        return sum(1 for one in counted if one.customer == customer and one.at > now - WINDOW)

    def admits(self, customer: str, now: datetime) -> bool:
        return self.consents[customer][-1:] == ["granted"] and self.used(customer, now) < CAP


def against(facts: Facts) -> str | None:
    """The guard of this world: the last word on consent, and one cap."""
    customer, now = facts.customer, facts.now
    if not customer.consents or customer.consents[-1].status is not ConsentStatus.GRANTED:
        return "no consent"
    return None if counting(customer.contacts, now, WINDOW) < CAP else "at the cap"
