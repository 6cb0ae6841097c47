"""What every ledger promises, whatever database keeps it.

Writes are awaited: they return once they are durable, and a caller that is cancelled does not stop them. Reads answer
at once from one consistent snapshot. A ledger that cannot do its work raises `Unavailable`; it never answers without.
"""

from collections.abc import Sequence
from functools import partial
from typing import Self

from serving.ledger import reading, rule_counting
from serving.ledger.answering import Answering
from serving.ledger.api_keys import ApiKeys
from serving.ledger.chaining import Chained
from serving.ledger.database import Database
from serving.ledger.decisions import Decisions
from serving.ledger.facts_in import FactsIn
from serving.ledger.locking import one_at_a_time
from serving.ledger.outbox import Outbox
from serving.ledger.people import People
from serving.ledger.pins import Pins
from serving.ledger.proofs import Proofs
from serving.ledger.reviews import Reviews
from serving.ledger.rule_counts import RuleCount
from serving.ledger.switch import Switch
from serving.ledger.watching import Watching


class Ledger(Answering, FactsIn, Decisions, Reviews, Outbox, People, Switch, Watching, Pins, Proofs, ApiKeys):
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
