"""What a person may ask of whoever keeps a ledger: everything that is held about them, and that it be erased."""

from functools import partial

from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.privacy.access import Export, exported
from heed.serving.ledger.privacy.erasure import ErasureResult, SharedContactPoints, erase, of_erasure


class Rights(Repository):
    """Access, portability and erasure (GDPR, Articles 15, 17 and 20)."""

    def export(self, customer_id: str) -> Export:
        """Everything that is held about a customer under all their ids; `NotFound` where that is nothing."""
        now = self._database.moment()
        return self._database.read(partial(exported, now=now, customer_id=customer_id))

    async def erase(self, customer_id: str, shared: SharedContactPoints = SharedContactPoints.STRIKE) -> ErasureResult:
        """Erase a customer under all their ids; `NotFound` where there is nothing and never was."""
        work = partial(erase, customer_id=customer_id, shared=shared)
        erasure = await self._database.write(work, of_erasure(customer_id))
        await self._database.forget()
        return erasure
