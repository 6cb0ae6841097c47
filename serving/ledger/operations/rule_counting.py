"""Keeping what rules have said, so that a restart does not forget when one last objected."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from heed.serving.ledger.backend.times import micros_or_none, moment_or_none
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.operations.rule_stats import RuleStats
from heed.serving.ledger.queries.rule_counts import ADD_RULE_COUNT, DROP_RULE_COUNT, RULE_COUNTS


def keep(transaction: Transaction, now: datetime, counts: Sequence[RuleStats]) -> None:  # noqa: ARG001 - a job's shape
    """Put these counts in the place of those that were kept of the same rules."""
    for one in counts:
        stored = {**asdict(one), "last_fired": micros_or_none(one.last_fired)}
        stored["silent_since"] = micros_or_none(one.silent_since)
        transaction.run(DROP_RULE_COUNT, {"rule": one.rule})
        transaction.run(ADD_RULE_COUNT, stored)


def kept(transaction: Transaction) -> tuple[RuleStats, ...]:
    """All counts that were kept, in order of the rules' ids."""
    rows = transaction.rows(RULE_COUNTS, {})
    return tuple(RuleStats(*row[:9], *map(moment_or_none, row[9:])) for row in rows)
