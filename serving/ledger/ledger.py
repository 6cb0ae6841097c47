"""What every ledger promises, whatever database keeps it.

Writes are awaited: they return once they are durable, and a caller that is cancelled does not stop them. Reads answer
at once from one consistent snapshot. A ledger that cannot do its work raises `Unavailable`; it never answers without.
"""

from collections.abc import Sequence
from functools import partial
from typing import Self

from serving.ledger.decisions import reading
from serving.ledger.decisions.answering import Answering
from serving.ledger.decisions.decisions import Decisions
from serving.ledger.decisions.pins import Pins
from serving.ledger.facts.facts_in import FactsIn
from serving.ledger.operations import rule_counting
from serving.ledger.operations.api_keys import ApiKeys
from serving.ledger.operations.rule_counts import RuleCount
from serving.ledger.operations.switch import Switch
from serving.ledger.operations.watching import Watching
from serving.ledger.outbox.outbox import Outbox
from serving.ledger.proofs.chaining import Chained
from serving.ledger.proofs.proofs import Proofs
from serving.ledger.reviews.reviews import Reviews
from serving.ledger.rights.rights import Rights
from serving.ledger.store.database import Database
from serving.ledger.store.locks import one_at_a_time


class Ledger(Answering, FactsIn, Decisions, Reviews, Outbox, Rights, Switch, Watching, Pins, Proofs, ApiKeys):
    """The whole ledger. `serving.ledger.opening` opens one."""

    def __init__(self, database: Database) -> None:
        super().__init__(Chained(database))

    async def keep_rule_counts(self, counts: Sequence[RuleCount]) -> None:
        """Keep what rules have said by now."""
        await self._database.write(partial(rule_counting.keep, counts=counts), one_at_a_time("rule-counts"))

    def rule_counts(self) -> tuple[RuleCount, ...]:
        """What rules have said, as it was last kept."""
        return self._database.read(rule_counting.kept)

    def empty(self) -> bool:
        """Whether nobody is on record and nothing was decided."""
        return self._database.read(reading.empty)

    def healthy(self) -> None:
        """Return if decisions can be recorded, raise `Unavailable` with a remedy if not."""
        self._database.read(reading.probe)
        self._database.healthy()

    def close(self) -> None:
        """Finish what was promised and let go of the store."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
