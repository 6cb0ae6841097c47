"""From what is known of a customer to the recorded decision, and back."""

from datetime import datetime
from functools import partial

from heed.decisioning.customer import Volume
from heed.decisioning.errors import NotFound
from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.decisions import commit, read, timeline
from heed.serving.ledger.decisions.timeline import Timeline
from heed.serving.ledger.facts.lock_keys import of_draft
from heed.serving.ledger.facts.snapshot import HISTORY, foreseen, known
from heed.serving.ledger.facts.volumes import volumes
from heed.serving.ledger.records import (
    CommitResult,
    CustomerSnapshot,
    DecisionReceipt,
    DecisionRecord,
    NewDecision,
    Windows,
)


class Decisions(Repository):
    """What decisions are made on, and what was decided."""

    def known(self, customer_id: str, *, since: datetime | None = None) -> CustomerSnapshot:
        """What is known of a customer; signals and contacts of the last 92 days unless `since` says otherwise."""
        start = self._database.moment() - HISTORY if since is None else since
        ahead = partial(foreseen, customer_id=customer_id, since=start)
        return self._database.read(partial(known, customer_id=customer_id, since=start), ahead)

    def volumes(self, windows: Windows) -> tuple[Volume, ...]:
        """What all customers were contacted with in these windows."""
        return self._database.read(partial(volumes, now=self._database.moment(), windows=windows))

    async def stored(self, client: str, key: str, fingerprint: str) -> bytes | None:
        """The answer already given to this request under this key; `KeyReused` if it answered another."""
        work = partial(commit.stored, client=client, key=key, fingerprint=fingerprint)
        found = await self._database.aside(
            lambda: self._database.read(work, lambda seal: [commit.under_key(seal, client, key)])
        )
        return None if found is None else found.answer

    async def commit(self, draft: NewDecision) -> CommitResult:
        """Record a decision; `KeyReused` or `StaleFacts` where it must not be."""
        ahead = partial(commit.foreseen, draft=draft)
        return await self._database.write(partial(commit.commit, draft=draft), of_draft(draft), ahead)

    def decision(self, decision_id: str) -> DecisionRecord:
        """One decision as recorded."""
        return self._database.read(partial(read.decision, decision_id=decision_id))

    def receipt(self, decision_id: str) -> bytes:
        """The receipt of one decision."""
        return self._database.read(partial(read.receipt, decision_id=decision_id))

    def decisions(
        self, customer_id: str | None = None, *, limit: int = 50, before: str | None = None
    ) -> tuple[DecisionRecord, ...]:
        """Decisions, newest first, of one customer or of all, older than the decision `before`."""
        return self._database.read(partial(read.decisions, customer_id=customer_id, limit=limit, before=before))

    def recorded(self, since: datetime, *, limit: int) -> tuple[DecisionReceipt, ...]:
        """Decisions made from `since` on with their receipts, newest first."""
        return self._database.read(partial(read.recorded, since=since, limit=limit))

    def decided_since(self, since: datetime) -> tuple[str, ...]:
        """Ids of the decisions made from `since` on, newest first."""
        return self._database.read(partial(read.decided_since, since=since))

    def newest(self, until: datetime | None = None) -> datetime | None:
        """When the newest record was made, of those made by `until`; None where there is none."""
        return self._database.read(partial(read.newest, until=until))

    def timeline(self, customer_id: str, *, limit: int = 200) -> Timeline:
        """One customer's history, newest first; `NotFound` where there is nothing."""
        since = self._database.moment() - HISTORY
        found = self._database.read(partial(timeline.timeline, customer_id=customer_id, since=since, limit=limit))
        if not found.known.exists and not found.entries:
            raise NotFound("no such customer", field="customer_id", value=customer_id)
        return found
