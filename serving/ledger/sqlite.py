"""The ledger in one SQLite file: one writing process, one writing thread, any number of readers."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from decisioning.customer import Volume
from decisioning.errors import NotFound, Refused
from serving.ledger import (
    committing,
    contacting,
    delivering,
    intake,
    merging,
    objecting,
    outcomes,
    profiles,
    reading,
    reviewing,
    rule_counting,
)
from serving.ledger.connections import connect_to_read, connect_to_write
from serving.ledger.delivering import Permitted
from serving.ledger.faults import read_only, unavailable
from serving.ledger.knowing import HISTORY, known
from serving.ledger.location import sqlite_path
from serving.ledger.lock import FileLock
from serving.ledger.merging import Merged
from serving.ledger.migrating import require_present_shape
from serving.ledger.readers import Readers
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
from serving.ledger.sealing import Seal, seal_of
from serving.ledger.transaction import Job
from serving.ledger.volumes import volumes
from serving.ledger.writer import Writer, Writing

T = TypeVar("T")

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class SqliteLedger:
    """`serving.ledger.ledger.Ledger` on SQLite. Make one with `open`."""

    def __init__(self, readers: Readers, writer: Writer | None, lock: FileLock | None, clock: Clock) -> None:
        self._readers = readers
        self._writer = writer
        self._lock = lock
        self._clock = clock

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        clock: Clock = system_clock,
        readonly: bool = False,
        key: str | None = None,
    ) -> Self:
        """Open an existing ledger; `serving.ledger.migrating.upgrade` makes one.

        Parameters
        ----------
        location : str or Path
            A path or a ``sqlite:///`` URL.
        clock : callable
            The present moment, with an offset; read inside each transaction.
        readonly : bool
            Read beside a running service. Writes then raise `Unavailable`.
        key : str, optional
            Under which objections are hashed; absent means the one in the file beside the ledger, made once.

        Raises
        ------
        Unavailable
            If there is no ledger of the present shape, it cannot be read or written, or another process writes to it.
        """
        path = sqlite_path(location)
        if readonly:
            return cls(Readers(path, _seal_to_read(path, key)), None, None, clock)
        lock = FileLock(path)
        try:
            connection, seal = _connect(path, key)
        except BaseException:
            lock.release()
            raise
        return cls(Readers(path, seal), Writer(connection, clock, seal), lock, clock)

    def close(self) -> None:
        """Finish what is queued, then let another process write."""
        self._readers.close()
        if self._writer is not None:
            self._writer.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def writing(self) -> Writing:
        """How many jobs were written in how many transactions."""
        return self._writable().writing

    async def keep_rule_counts(self, counts: Sequence[RuleCount]) -> None:
        """Keep what rules have said by now."""
        await self._write(partial(rule_counting.keep, counts=counts))

    def rule_counts(self) -> tuple[RuleCount, ...]:
        """What rules have said, as it was last kept."""
        return self._readers.read(rule_counting.kept)

    def healthy(self) -> None:
        """Return if decisions can be recorded, raise `Unavailable` with a remedy if not."""
        self._readers.read(reading.probe)
        if self._writer is not None:
            self._writer.check()

    async def record_customers(self, reports: Sequence[CustomerReport]) -> Receipted:
        """Create or change customers; a report that changes nothing is a duplicate."""
        return await self._write(partial(profiles.record_customers, reports=reports))

    async def record_consents(self, reports: Sequence[ConsentReport]) -> Receipted:
        """Take consents and withdrawals; no act that they forbid commits after this returns."""
        return await self._write(partial(intake.record_consents, reports=reports))

    async def record_signals(self, reports: Sequence[SignalReport]) -> Receipted:
        """Take signals."""
        return await self._write(partial(intake.record_signals, reports=reports))

    async def record_contacts(self, reports: Sequence[ContactReport]) -> Receipted:
        """Execute or release slots, and take contacts made by other tools."""
        return await self._write(partial(contacting.record_contacts, reports=reports))

    async def record_objections(self, reports: Sequence[ObjectionReport]) -> Receipted:
        """Take objections to marketing; nothing of marketing goes to whom they strike after this returns."""
        return await self._write(partial(objecting.record_objections, reports=reports))

    async def record_outcomes(self, reports: Sequence[OutcomeReport]) -> Receipted:
        """Take outcomes; an objection withdraws consent with them."""
        return await self._write(partial(outcomes.record_outcomes, reports=reports))

    async def merge(self, customer_id: str, old_id: str) -> Merged:
        """Let one customer be another name of another; what either forbade stays forbidden."""
        return await self._write(partial(merging.merge, customer_id=customer_id, old_id=old_id))

    def known(self, customer_id: str, *, since: datetime | None = None) -> Known:
        """What is known of a customer; signals and contacts of the last 92 days unless `since` says otherwise."""
        start = self._clock() - HISTORY if since is None else since
        return self._readers.read(partial(known, customer_id=customer_id, since=start))

    def volumes(self, windows: Windows) -> tuple[Volume, ...]:
        """What all customers were contacted with in these windows."""
        return self._readers.read(partial(volumes, now=self._clock(), windows=windows))

    async def stored(self, client: str, key: str, fingerprint: str) -> bytes | None:
        """The answer already given to this request under this key; `KeyReused` if it answered another."""
        found = self._readers.read(partial(committing.stored, client=client, key=key, fingerprint=fingerprint))
        return None if found is None else found.answer

    async def commit(self, draft: Draft) -> Committed:
        """Record a decision; `KeyReused` or `StaleFacts` where it must not be."""
        return await self._write(partial(committing.commit, draft=draft))

    def decision(self, decision_id: str) -> DecisionRecord:
        """One decision as recorded."""
        return self._readers.read(partial(reading.decision, decision_id=decision_id))

    def receipt(self, decision_id: str) -> bytes:
        """The receipt of one decision."""
        return self._readers.read(partial(reading.receipt, decision_id=decision_id))

    def decisions(
        self, customer_id: str | None = None, *, limit: int = 50, before: str | None = None
    ) -> tuple[DecisionRecord, ...]:
        """Decisions, newest first, of one customer or of all, older than the decision `before`."""
        return self._readers.read(partial(reading.decisions, customer_id=customer_id, limit=limit, before=before))

    def recorded(self, since: datetime, *, limit: int) -> tuple[Recorded, ...]:
        """Decisions made from `since` on with their receipts, newest first."""
        return self._readers.read(partial(reading.recorded, since=since, limit=limit))

    def timeline(self, customer_id: str, *, limit: int = 200) -> Timeline:
        """One customer's history, newest first; `NotFound` where there is nothing."""
        since = self._clock() - HISTORY
        found = self._readers.read(partial(reading.timeline, customer_id=customer_id, since=since, limit=limit))
        if not found.known.exists and not found.entries:
            raise NotFound("no such customer", field="customer_id", value=customer_id)
        return found

    def reviews(self, state: ReviewState = ReviewState.OPEN, *, limit: int = 50) -> tuple[Case, ...]:
        """Cases in a state, oldest first."""
        return self._readers.read(partial(reading.reviews, now=self._clock(), state=state, limit=limit))

    def review(self, review_id: str) -> Case:
        """One case."""
        return self._readers.read(partial(reviewing.find, now=self._clock(), review_id=review_id))

    def review_events(self, review_id: str) -> tuple[ReviewEvent, ...]:
        """What happened to one case, in order."""
        return self._readers.read(partial(reading.review_events, now=self._clock(), review_id=review_id))

    async def claim(self, review_id: str, reviewer: str, *, lease: timedelta = LEASE) -> Case:
        """Take a case; the fence it returns is needed for the verdict."""
        return await self._write(partial(reviewing.claim, review_id=review_id, reviewer=reviewer, lease=lease))

    async def release(self, review_id: str, reviewer: str, fence: int) -> Case:
        """Put a claimed case back."""
        return await self._write(partial(reviewing.release, review_id=review_id, reviewer=reviewer, fence=fence))

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
        return await self._execute(ReviewState.APPROVED, review_id, reviewer, fence, execution, allowed, note)

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
        return await self._execute(ReviewState.OVERRIDDEN, review_id, reviewer, fence, execution, allowed, note)

    async def reject(self, review_id: str, reviewer: str, fence: int, *, note: str | None = None) -> Case:
        """Hold."""
        work = partial(reviewing.reject, review_id=review_id, reviewer=reviewer, fence=fence, note=note)
        return await self._write(work)

    async def expire_reviews(self, now: datetime | None = None) -> int:
        """Settle every case whose time has run out as hold; how many there were."""
        return await self._write(partial(reviewing.expire, by=self._clock() if now is None else now))

    def outbox(self, limit: int = 100) -> tuple[OutboxMessage, ...]:
        """Messages that wait for the executor, oldest first."""
        return self._readers.read(partial(reading.outbox, limit=limit))

    async def delivered(self, outbox_id: str, permitted: Permitted | None = None) -> bool:
        """Mark a message as delivered; False if it was already, `Refused` where it may not be sent any more."""
        work = partial(delivering.delivered, outbox_id=outbox_id, permitted=permitted)
        return _unless_refused(await self._write(work))

    async def withdraw(self, outbox_id: str, because: str) -> bool:
        """Take a message that waits off the outbox and free its slot; False if it was delivered or withdrawn before."""
        return await self._write(partial(delivering.take_back, outbox_id=outbox_id, because=because))

    async def _execute(
        self,
        verdict: ReviewState,
        review_id: str,
        reviewer: str,
        fence: int,
        execution: Execution,
        allowed: Allowed,
        note: str | None,
    ) -> Case:
        work = partial(
            reviewing.execute,
            review_id=review_id,
            reviewer=reviewer,
            fence=fence,
            verdict=verdict,
            execution=execution,
            allowed=allowed,
            note=note,
        )
        return _unless_refused(await self._write(work))

    async def _write(self, work: Job[T]) -> T:
        # A request that is cancelled, by a time limit or a lost client, must not leave a job half answered.
        return await asyncio.shield(self._writable().submit(work))

    def _writable(self) -> Writer:
        if self._writer is None:
            raise read_only()
        return self._writer


def _unless_refused(result: T | Refused) -> T:
    if isinstance(result, Refused):
        raise result
    return result


def _connect(path: Path, key: str | None) -> tuple[sqlite3.Connection, Seal]:
    try:
        connection = connect_to_write(path)
        try:
            require_present_shape(connection, path)
            return connection, seal_of(connection, path, key, make=True)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise unavailable(error) from error


def _seal_to_read(path: Path, key: str | None) -> Seal:
    try:
        with closing(connect_to_read(path)) as connection:
            require_present_shape(connection, path)
            return seal_of(connection, path, key, make=False)
    except sqlite3.Error as error:
        raise unavailable(error) from error
