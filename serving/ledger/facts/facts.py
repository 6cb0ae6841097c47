"""Facts on their way into the ledger: each taken once, all of a call or none."""

from collections.abc import Sequence
from functools import partial

from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.facts import contacts, ingest, merge, objections, outcomes, profiles, signals
from heed.serving.ledger.facts.lock_keys import of_customers, of_objections, of_profiles, of_reports
from heed.serving.ledger.facts.merge import MergeResult
from heed.serving.ledger.reports import (
    ConsentReport,
    ContactReport,
    CustomerReport,
    IngestResult,
    ObjectionReport,
    OutcomeReport,
    SignalReport,
)


class FactsIn(Repository):
    """What source systems and executors report."""

    async def record_customers(self, reports: Sequence[CustomerReport]) -> IngestResult:
        """Create or change customers; a report that changes nothing is a duplicate."""
        return await self._database.write(partial(profiles.record_customers, reports=reports), of_profiles(reports))

    async def record_consents(self, reports: Sequence[ConsentReport]) -> IngestResult:
        """Take consents and withdrawals; no act that they forbid commits after this returns."""
        return await self._database.write(partial(ingest.record_consents, reports=reports), of_reports(reports))

    async def record_signals(self, reports: Sequence[SignalReport]) -> IngestResult:
        """Take signals."""
        return await self._database.write(partial(signals.record_signals, reports=reports), of_reports(reports))

    async def record_contacts(self, reports: Sequence[ContactReport]) -> IngestResult:
        """Execute or release slots, and take contacts made by other tools."""
        return await self._database.write(partial(contacts.record_contacts, reports=reports), of_reports(reports))

    async def record_objections(self, reports: Sequence[ObjectionReport]) -> IngestResult:
        """Take objections to marketing; nothing of marketing goes to whom they strike after this returns."""
        work = partial(objections.record_objections, reports=reports)
        return await self._database.write(work, of_objections(reports))

    async def record_outcomes(self, reports: Sequence[OutcomeReport]) -> IngestResult:
        """Take outcomes; an objection withdraws consent with them."""
        return await self._database.write(partial(outcomes.record_outcomes, reports=reports), of_reports(reports))

    async def merge(self, customer_id: str, old_id: str) -> MergeResult:
        """Let one customer be another name of another; what either forbade stays forbidden."""
        work = partial(merge.merge, customer_id=customer_id, old_id=old_id)
        return await self._database.write(work, of_customers(customer_id, old_id))
