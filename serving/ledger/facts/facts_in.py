"""Facts on their way into the ledger: each taken once, all of a call or none."""

from collections.abc import Sequence
from functools import partial

from serving.ledger.facts import contacting, intake, merging, objecting, outcomes, profiles, signals
from serving.ledger.facts.merging import Merged
from serving.ledger.people.locking import of_customers, of_objections, of_profiles, of_reports
from serving.ledger.reports import (
    ConsentReport,
    ContactReport,
    CustomerReport,
    ObjectionReport,
    OutcomeReport,
    Receipted,
    SignalReport,
)
from serving.ledger.store.database import OnDatabase


class FactsIn(OnDatabase):
    """What source systems and executors report."""

    async def record_customers(self, reports: Sequence[CustomerReport]) -> Receipted:
        """Create or change customers; a report that changes nothing is a duplicate."""
        return await self._database.write(partial(profiles.record_customers, reports=reports), of_profiles(reports))

    async def record_consents(self, reports: Sequence[ConsentReport]) -> Receipted:
        """Take consents and withdrawals; no act that they forbid commits after this returns."""
        return await self._database.write(partial(intake.record_consents, reports=reports), of_reports(reports))

    async def record_signals(self, reports: Sequence[SignalReport]) -> Receipted:
        """Take signals."""
        return await self._database.write(partial(signals.record_signals, reports=reports), of_reports(reports))

    async def record_contacts(self, reports: Sequence[ContactReport]) -> Receipted:
        """Execute or release slots, and take contacts made by other tools."""
        return await self._database.write(partial(contacting.record_contacts, reports=reports), of_reports(reports))

    async def record_objections(self, reports: Sequence[ObjectionReport]) -> Receipted:
        """Take objections to marketing; nothing of marketing goes to whom they strike after this returns."""
        work = partial(objecting.record_objections, reports=reports)
        return await self._database.write(work, of_objections(reports))

    async def record_outcomes(self, reports: Sequence[OutcomeReport]) -> Receipted:
        """Take outcomes; an objection withdraws consent with them."""
        return await self._database.write(partial(outcomes.record_outcomes, reports=reports), of_reports(reports))

    async def merge(self, customer_id: str, old_id: str) -> Merged:
        """Let one customer be another name of another; what either forbade stays forbidden."""
        work = partial(merging.merge, customer_id=customer_id, old_id=old_id)
        return await self._database.write(work, of_customers(customer_id, old_id))
