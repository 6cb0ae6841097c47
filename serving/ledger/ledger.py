"""What every ledger promises, whatever keeps it.

Writes are awaited: they return once they are durable, and a caller that is cancelled does not stop them. Reads answer
at once from one consistent snapshot. A ledger that cannot do its work raises `Unavailable`; it never answers without.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from decisioning.customer import Volume
from serving.ledger.delivering import Permitted
from serving.ledger.merging import Merged
from serving.ledger.records import (
    Case,
    Committed,
    DecisionRecord,
    Draft,
    Execution,
    Known,
    OutboxMessage,
    Recorded,
    ReviewEvent,
    ReviewState,
    RuleCount,
    Timeline,
    Windows,
)
from serving.ledger.reports import (
    ConsentReport,
    ContactReport,
    CustomerReport,
    ObjectionReport,
    OutcomeReport,
    Receipted,
    SignalReport,
)
from serving.ledger.reviewing import LEASE, Allowed


class FactsIn(Protocol):
    """Facts in: each taken once, all of a call or none."""

    async def record_customers(self, reports: Sequence[CustomerReport]) -> Receipted:
        """Create or change customers; a report that changes nothing is a duplicate."""
        ...

    async def record_consents(self, reports: Sequence[ConsentReport]) -> Receipted:
        """Take consents and withdrawals; no act that they forbid commits after this returns."""
        ...

    async def record_signals(self, reports: Sequence[SignalReport]) -> Receipted:
        """Take signals."""
        ...

    async def record_contacts(self, reports: Sequence[ContactReport]) -> Receipted:
        """Execute or release slots, and take contacts made by other tools."""
        ...

    async def record_objections(self, reports: Sequence[ObjectionReport]) -> Receipted:
        """Take objections to marketing; nothing of marketing goes to whom they strike after this returns."""
        ...

    async def record_outcomes(self, reports: Sequence[OutcomeReport]) -> Receipted:
        """Take outcomes; an objection withdraws consent with them."""
        ...


class Identities(Protocol):
    """Customers who turn out to be one."""

    async def merge(self, customer_id: str, old_id: str) -> Merged:
        """Let one customer be another name of another; what either forbade stays forbidden."""
        ...


class Decisions(Protocol):
    """From what is known of a customer to the recorded decision, and back."""

    def known(self, customer_id: str, *, since: datetime | None = None) -> Known:
        """What is known of a customer; signals and contacts of the last 92 days unless `since` says otherwise."""
        ...

    def volumes(self, windows: Windows) -> tuple[Volume, ...]:
        """What all customers were contacted with in these windows."""
        ...

    async def stored(self, client: str, key: str, fingerprint: str) -> bytes | None:
        """The answer already given to this request under this key; `KeyReused` if it answered another."""
        ...

    async def commit(self, draft: Draft) -> Committed:
        """Record a decision; `KeyReused` or `StaleFacts` where it must not be."""
        ...

    def decision(self, decision_id: str) -> DecisionRecord:
        """One decision as recorded."""
        ...

    def receipt(self, decision_id: str) -> bytes:
        """The receipt of one decision."""
        ...

    def decisions(
        self, customer_id: str | None = None, *, limit: int = 50, before: str | None = None
    ) -> tuple[DecisionRecord, ...]:
        """Decisions, newest first, of one customer or of all, older than the decision `before`."""
        ...

    def recorded(self, since: datetime, *, limit: int) -> tuple[Recorded, ...]:
        """Decisions made from `since` on with their receipts, newest first."""
        ...

    def timeline(self, customer_id: str, *, limit: int = 200) -> Timeline:
        """One customer's history, newest first; `NotFound` where there is nothing."""
        ...


class Reviews(Protocol):
    """The queue of cases that a person must decide."""

    def reviews(self, state: ReviewState = ReviewState.OPEN, *, limit: int = 50) -> tuple[Case, ...]:
        """Cases in a state, oldest first."""
        ...

    def review(self, review_id: str) -> Case:
        """One case."""
        ...

    def review_events(self, review_id: str) -> tuple[ReviewEvent, ...]:
        """What happened to one case, in order."""
        ...

    async def claim(self, review_id: str, reviewer: str, *, lease: timedelta = LEASE) -> Case:
        """Take a case; the fence it returns is needed for the verdict."""
        ...

    async def release(self, review_id: str, reviewer: str, fence: int) -> Case:
        """Put a claimed case back."""
        ...

    async def approve(
        self,
        review_id: str,
        reviewer: str,
        fence: int,
        *,
        execution: Execution,
        allowed: Allowed,
        note: str | None = None,
    ) -> Case:
        """Set the proposed action in motion; `Refused` where a guardrail forbids it now."""
        ...

    async def override(
        self,
        review_id: str,
        reviewer: str,
        fence: int,
        *,
        execution: Execution,
        allowed: Allowed,
        note: str | None = None,
    ) -> Case:
        """Set another action in motion; `Refused` where a guardrail forbids it now."""
        ...

    async def reject(self, review_id: str, reviewer: str, fence: int, *, note: str | None = None) -> Case:
        """Hold."""
        ...

    async def expire_reviews(self, now: datetime | None = None) -> int:
        """Settle every case whose time has run out as hold; how many there were."""
        ...


class Ledger(FactsIn, Identities, Decisions, Reviews, Protocol):
    """The whole ledger."""

    def outbox(self, limit: int = 100) -> tuple[OutboxMessage, ...]:
        """Messages that wait for the executor, oldest first."""
        ...

    async def delivered(self, outbox_id: str, permitted: Permitted | None = None) -> bool:
        """Mark a message as delivered; False if it was already, `Refused` where it may not be sent any more."""
        ...

    async def withdraw(self, outbox_id: str, because: str) -> bool:
        """Take a message that waits off the outbox and free its slot; False if it was delivered or withdrawn before."""
        ...

    async def keep_rule_counts(self, counts: Sequence[RuleCount]) -> None:
        """Keep what rules have said by now."""
        ...

    def rule_counts(self) -> tuple[RuleCount, ...]:
        """What rules have said, as it was last kept."""
        ...

    def healthy(self) -> None:
        """Return if decisions can be recorded, raise `Unavailable` with a remedy if not."""
        ...

    def close(self) -> None:
        """Finish what was promised and let go of the store."""
        ...
