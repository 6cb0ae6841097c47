"""What each rule has said so far, so that a restart does not forget when it last triggered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert

from heed.serving.ledger.backend.database import exclusive
from heed.serving.ledger.backend.repository import reads, writes
from heed.serving.ledger.backend.times import from_micros_or_none, to_micros_or_none
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.schema import pick, rule_counts


@dataclass(frozen=True, slots=True)
class RuleStats:
    """Decisions in which one rule was evaluated, and its verdicts in them on any candidate.

    Attributes
    ----------
    evaluated : int
        Decisions in which it gave a verdict.
    suppressed, reviewed : int
        Those in which it objected, failures included.
    errored : int
        Those in which it failed or lacked a fact.
    observed : int
        Those in which it would have objected, were it not only observed.
    fired_before, fired_now : int
        Decisions in which it objected, or would have, in the last whole period and in the current one.
    decisions_now : int
        Decisions in the current period, the same for all rules.
    """

    rule: str
    evaluated: int = 0
    suppressed: int = 0
    reviewed: int = 0
    errored: int = 0
    observed: int = 0
    fired_before: int = 0
    fired_now: int = 0
    decisions_now: int = 0
    last_fired: datetime | None = None
    silent_since: datetime | None = None


_DELETE = delete(rule_counts).where(rule_counts.c.rule == bindparam("rule"))
_ADD = insert(rule_counts)


@writes(locks=exclusive("rule-counts"))
def save_rule_stats(transaction: Transaction, now: datetime, stats: Sequence[RuleStats]) -> None:  # noqa: ARG001 - a write's shape
    """Put these figures in the place of those that were saved of the same rules."""
    for rule in stats:
        stored = {**asdict(rule), "last_fired": to_micros_or_none(rule.last_fired)}
        stored["silent_since"] = to_micros_or_none(rule.silent_since)
        transaction.run(_DELETE, {"rule": rule.rule})
        transaction.run(_ADD, stored)


_ALL = pick(
    rule_counts,
    "rule evaluated suppressed reviewed errored observed fired_before fired_now decisions_now last_fired silent_since",
).order_by(rule_counts.c.rule)


@reads()
def load_rule_stats(transaction: Transaction) -> tuple[RuleStats, ...]:
    """The figures of all rules, in order of the rules' ids."""
    rows = transaction.rows(_ALL, {})
    return tuple(RuleStats(*row[:9], *map(from_micros_or_none, row[9:])) for row in rows)
