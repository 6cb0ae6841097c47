"""What every ledger promises, whatever database keeps it.

Writes are awaited: they return once they are durable, and a caller that is cancelled does not stop them. Reads answer
at once from one consistent snapshot. A ledger that cannot do its work raises `Unavailable`; it never answers without.
"""

from collections.abc import Sequence
from functools import partial
from typing import Self

from heed.serving.ledger.audit.audit import Proofs
from heed.serving.ledger.audit.hash_chain import Chained
from heed.serving.ledger.backend.database import Database
from heed.serving.ledger.backend.locks import one_at_a_time
from heed.serving.ledger.decisions import read
from heed.serving.ledger.decisions.answering import Answering
from heed.serving.ledger.decisions.decisions import Decisions
from heed.serving.ledger.decisions.pins import Pins
from heed.serving.ledger.facts.facts import FactsIn
from heed.serving.ledger.operations import rule_counting
from heed.serving.ledger.operations.api_keys import ApiKeys
from heed.serving.ledger.operations.forecasts import Watching
from heed.serving.ledger.operations.rule_stats import RuleStats
from heed.serving.ledger.operations.switch import Switch
from heed.serving.ledger.operations.worker_lease import WorkerLease
from heed.serving.ledger.outbox.outbox import Outbox
from heed.serving.ledger.privacy.privacy import Rights
from heed.serving.ledger.reviews.reviews import Reviews


class Ledger(Answering, FactsIn, Decisions, Reviews, Outbox, Rights, Switch, Watching, Pins, Proofs, ApiKeys):
    """The whole ledger. `heed.serving.ledger.connect` opens one."""

    def __init__(self, database: Database) -> None:
        super().__init__(Chained(database))
        self.worker_lease = WorkerLease(database)

    async def keep_rule_stats(self, counts: Sequence[RuleStats]) -> None:
        """Keep what rules have said by now."""
        await self._database.write(partial(rule_counting.keep, counts=counts), one_at_a_time("rule-counts"))

    def rule_counts(self) -> tuple[RuleStats, ...]:
        """What rules have said, as it was last kept."""
        return self._database.read(rule_counting.kept)

    def empty(self) -> bool:
        """Whether nobody is on record and nothing was decided."""
        return self._database.read(read.empty)

    def healthy(self) -> None:
        """Return if decisions can be recorded, raise `Unavailable` with a remedy if not."""
        self._database.read(read.probe)
        self._database.healthy()

    def close(self) -> None:
        """Finish what was promised and let go of the store."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
