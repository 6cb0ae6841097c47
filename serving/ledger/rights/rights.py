"""What a person may ask of whoever keeps a ledger: everything that is held about them, and that it be erased."""

from functools import partial

from serving.ledger.rights.erasing import Erasure, Shared, erase, of_erasure
from serving.ledger.rights.exporting import Export, exported
from serving.ledger.store.database import OnDatabase


class Rights(OnDatabase):
    """Access, portability and erasure (GDPR, Articles 15, 17 and 20)."""

    def export(self, customer_id: str) -> Export:
        """Everything that is held about a customer under all their ids; `NotFound` where that is nothing."""
        now = self._database.moment()
        return self._database.read(partial(exported, now=now, customer_id=customer_id))

    async def erase(self, customer_id: str, shared: Shared = Shared.STRIKE) -> Erasure:
        """Erase a customer under all their ids; `NotFound` where there is nothing and never was."""
        work = partial(erase, customer_id=customer_id, shared=shared)
        erasure = await self._database.write(work, of_erasure(customer_id))
        await self._database.forget()
        return erasure
