"""What decisions rested on besides their facts."""

from collections.abc import Sequence
from functools import partial

from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.backend.locks import one_at_a_time
from heed.serving.ledger.decisions import pinning
from heed.serving.ledger.records import Artifact


class Pins(Repository):
    """Policies and catalogues, kept for as long as the ledger is."""

    async def pin(self, pins: Sequence[Artifact]) -> None:
        """Keep what decisions rest on; what is kept already is left as it is."""
        await self._database.write(partial(pinning.keep, texts=pins), one_at_a_time("pins"))

    def pinned(self, kind: str, digest: str) -> str | None:
        """The text under this hash, None where it was never kept."""
        return self._database.read(partial(pinning.pinned, kind=kind, digest=digest))
