"""Facts in, and everything that is held about one customer: timeline, export, merge and erasure."""

from heed.serving.deployment.deployment_manager import DeploymentManager
from heed.serving.ledger.facts.ingest import IngestResult
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.merge import MergeResult
from heed.serving.ledger.privacy.access import Export
from heed.serving.ledger.privacy.erasure import ErasureResult, SharedContactPoints
from heed.serving.ledger.timeline import Timeline
from heed.serving.schemas.customer_requests import CustomersIn
from heed.serving.schemas.fact_requests import ConsentsIn, ContactsIn, ObjectionsIn, OutcomesIn, SignalsIn


class FactService:
    """Records what source systems and executors report, all of a request or none of it.

    Parameters
    ----------
    deployment : DeploymentManager
        Whose catalogue prices contacts that are reported without a cost.
    """

    def __init__(self, *, ledger: Ledger, deployment: DeploymentManager) -> None:
        self._ledger = ledger
        self._deployment = deployment

    async def record_customers(self, body: CustomersIn) -> IngestResult:
        """Create or update customers; what a customer leaves out stays as it is."""
        return await self._ledger.facts.record_customers([customer.report() for customer in body.customers])

    async def record_consents(self, body: ConsentsIn) -> IngestResult:
        """Record statements of consent; no act that a withdrawal forbids commits after this returns."""
        return await self._ledger.facts.record_consents([consent.report() for consent in body.consents])

    async def record_signals(self, body: SignalsIn) -> IngestResult:
        """Record observed events."""
        return await self._ledger.facts.record_signals([signal.report() for signal in body.signals])

    async def record_contacts(self, body: ContactsIn) -> IngestResult:
        """Settle reservations and record contacts of other tools, at the catalogue's cost where none is given."""
        actions = self._deployment.current().catalogue.by_id if self._deployment.ready else {}
        return await self._ledger.facts.record_contacts([contact.report(actions) for contact in body.contacts])

    async def record_objections(self, body: ObjectionsIn) -> IngestResult:
        """Record objections to marketing; none is scored or sent for these customers after this returns."""
        return await self._ledger.facts.record_objections([objection.report() for objection in body.objections])

    async def record_outcomes(self, body: OutcomesIn) -> IngestResult:
        """Record outcomes; an opt-out, unsubscribe or complaint withdraws consent with it."""
        return await self._ledger.facts.record_outcomes([outcome.report() for outcome in body.outcomes])

    async def merge(self, customer_id: str, from_id: str) -> MergeResult:
        """Move all facts of one customer to another; the old id stays valid as another name."""
        return await self._ledger.customers.merge(customer_id, from_id)

    def timeline(self, customer_id: str) -> Timeline:
        """A customer as the ledger knows them, with their history, newest first."""
        return self._ledger.customers.timeline(customer_id)

    def export(self, customer_id: str) -> Export:
        """Everything that is held about a customer; `NotFound` where that is nothing."""
        return self._ledger.customers.export(customer_id)

    async def erase(self, customer_id: str, shared: SharedContactPoints) -> ErasureResult:
        """Erase a customer; `NotFound` where there is nothing and never was."""
        return await self._ledger.customers.erase(customer_id, shared)
