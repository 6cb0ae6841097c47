"""Builders for the ledger's tests: ledgers, clocks and decisions."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from heed.decisioning.customer import Contact, ContactState, Customer
from heed.decisioning.decision import Disposition
from heed.serving.errors import StaleFacts
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.decisions.commit import NewDecision
from heed.serving.ledger.decisions.idempotency import CommitResult
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.migrate import upgrade
from heed.serving.ledger.reviews import Execution, NewReview
from tests.support.session_cache import once_per_session

T = TypeVar("T")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAIL = Contact("spring_sale", "email", "offers", "sale", NOON)


class Clock:
    """A clock that the test advances."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@once_per_session
def _empty_ledger() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        upgrade(path)
        return path.read_bytes()


def new_file(folder: Path) -> Path:
    path = folder / "ledger.db"
    path.write_bytes(_empty_ledger())
    return path


def new_ledger(folder: Path, clock: Clock) -> Ledger:
    return open_ledger(new_file(folder), clock=clock)


def wait(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def hold(decision_id: str, customer_id: str = "ada", seen_version: int = 0, **changes: Any) -> NewDecision:
    draft = NewDecision(
        decision_id=decision_id,
        customer_id=customer_id,
        seen_version=seen_version,
        client="shop",
        idempotency_key=None,
        fingerprint="asked",
        at=NOON,
        disposition=Disposition.HOLD,
        action_id=None,
        proposed_action_id=None,
        answer=f'{{"decision_id":"{decision_id}"}}'.encode(),
        receipt=b"receipt of " + decision_id.encode(),
        model_version="7",
        policy_hash="abc",
    )
    return replace(draft, **changes)


def act(decision_id: str, customer_id: str = "ada", seen_version: int = 0, **changes: Any) -> NewDecision:
    taken = {"disposition": Disposition.ACT, "action_id": MAIL.action_id}
    slot = {"reservation_id": f"slot-{decision_id}", "reservation": MAIL, "outbox": f"send for {decision_id}"}
    return hold(decision_id, customer_id, seen_version, **{**taken, **slot, **changes})


def review(decision_id: str, customer_id: str = "ada", seen_version: int = 0, **changes: Any) -> NewDecision:
    case = NewReview(f"case-{decision_id}", NOON + timedelta(hours=24))
    fields = {"disposition": Disposition.REVIEW, "proposed_action_id": MAIL.action_id, "review": case}
    return hold(decision_id, customer_id, seen_version, **{**fields, **changes})


def execution(decision_id: str, contact: Contact = MAIL) -> Execution:
    return Execution(f"slot-{decision_id}", contact, f"send for {decision_id}")


def count_contacts(contacts: Iterable[Contact], now: datetime, window: timedelta) -> int:
    return sum(1 for one in contacts if one.counts and one.at > now - window)


def under_cap(customer: Customer, cap: int, window: timedelta) -> Any:
    return lambda now, _=None: count_contacts(customer.contacts, now, window) < cap


def states(customer: Customer) -> list[ContactState]:
    return [one.state for one in customer.contacts]


async def act_within_cap(ledger: Ledger, decision_id: str, customer_id: str, cap: int) -> CommitResult | None:
    """Decide as the service does: read, check, commit, retry while facts change; None at the cap."""
    window = timedelta(days=7)
    while True:
        known = ledger.customers.snapshot(customer_id)
        allowed = under_cap(known.customer, cap, window)
        if not allowed(MAIL.at):
            return None
        try:
            return await ledger.decisions.commit(act(decision_id, customer_id, known.version, still_allowed=allowed))
        except StaleFacts:
            await asyncio.sleep(0)
