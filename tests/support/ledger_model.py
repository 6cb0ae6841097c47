"""A reference model of the ledger: lists in memory, no transactions, no SQL."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from heed.decisioning.customer import ConsentStatus, ContactState, Facts
from heed.serving.ledger.reviews import ReviewState
from tests.support.ledger_builders import count_contacts

CUSTOMERS = ("ada", "bob")
CAP = 2
WINDOW = timedelta(days=7)
# Scopes of orders to stop, of which the last does not cover what is decided about here.
EVERYTHING, EMAIL, TEXT = None, "email", "sms"
ERASED = "somebody erased"


@dataclass
class Slot:
    customer: str
    at: datetime
    state: ContactState = ContactState.RESERVED

    def free(self) -> None:
        if self.state is ContactState.RESERVED:
            self.state = ContactState.RELEASED


@dataclass
class ModelMessage:
    created_at: datetime
    ready_at: datetime
    approved: bool
    fate: str = "waiting"
    holder: str | None = None
    attempts: int = 0
    unsettled: int = 0
    told: set[int] = field(default_factory=set)

    @property
    def waits(self) -> bool:
        return self.fate == "waiting"

    def held(self, now: datetime) -> bool:
        return self.waits and self.holder is not None and self.ready_at > now

    def stands(self, now: datetime) -> str:
        return "handed" if self.held(now) else self.fate

    def close(self, fate: str) -> None:
        self.fate, self.holder = fate, None

    def put_off(self, until: datetime) -> None:
        self.ready_at, self.holder = until, None


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
    erased: dict[str, int] = field(default_factory=dict)
    erased_at: dict[str, datetime] = field(default_factory=dict)
    sealed: set[str] = field(default_factory=set)
    slots: dict[str, Slot] = field(default_factory=dict)
    messages: dict[str, ModelMessage] = field(default_factory=dict)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)
    cases: dict[str, ModelCase] = field(default_factory=dict)
    stops: dict[str | None, str] = field(default_factory=dict)

    def raised(self, customer: str) -> None:
        if customer != ERASED:
            self.versions[customer] = (self.versions[customer] or self.erased.get(customer, 0)) + 1

    def said(self, customer: str, status: str) -> None:
        self.consents[customer].append(status)
        self.raised(customer)

    def reserved(self, decision_id: str, customer: str, now: datetime, *, approved: bool = False) -> None:
        self.slots[decision_id] = Slot(customer, now)
        self.messages[decision_id] = ModelMessage(now, now, approved)
        self.raised(customer)

    def used(self, customer: str, now: datetime, but: str | None = None) -> int:
        counted = [one for name, one in self.slots.items() if name != but and one.state is not ContactState.RELEASED]
        return sum(1 for one in counted if one.customer == customer and one.at > now - WINDOW)

    def admits(self, customer: str, now: datetime, but: str | None = None) -> bool:
        return self.consents[customer][-1:] == ["granted"] and self.used(customer, now, but) < CAP

    def stopped(self, *, approved: bool) -> bool:
        """A stop with effect review asks for a person, who has already approved."""
        covering = [effect for scope, effect in self.stops.items() if scope != TEXT]
        return "suppress" in covering or (bool(covering) and not approved)

    def ready(self, now: datetime) -> list[str]:
        open_now = [name for name, one in self.messages.items() if one.waits and one.ready_at <= now]
        return sorted(name for name in open_now if not self.stopped(approved=self.messages[name].approved))

    def withdraw(self, decision_id: str) -> None:
        message, slot = self.messages[decision_id], self.slots[decision_id]
        message.close("withdrawn")
        if not message.unsettled:
            slot.free()
        self.raised(slot.customer)

    def erase(self, customer: str, now: datetime) -> bool:
        if not self.versions[customer] and customer not in self.sealed:
            return False
        self.raised(customer)
        for name in [name for name, one in self.slots.items() if one.customer == customer]:
            self.slots[name].customer = ERASED
            if name in self.messages and self.messages[name].waits:
                self.withdraw(name)
        for case in self.cases.values():
            if case.customer == customer and not case.state.settled:
                expired = case.at(now) is ReviewState.EXPIRED
                case.state = ReviewState.EXPIRED if expired else ReviewState.REJECTED
        self.erased[customer], self.erased_at[customer] = self.versions[customer], now
        self.versions[customer], self.consents[customer] = 0, []
        self.sealed.discard(customer)
        return True


def against(facts: Facts) -> str | None:
    """The model's guard: latest consent and one frequency cap."""
    customer, now = facts.customer, facts.now
    if not customer.consents or customer.consents[-1].status is not ConsentStatus.GRANTED:
        return "no consent"
    return None if count_contacts(customer.contacts, now, WINDOW) < CAP else "at the cap"
