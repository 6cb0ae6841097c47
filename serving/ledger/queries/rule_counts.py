"""What rules have said."""

from sqlalchemy import bindparam, delete, insert

from heed.serving.ledger.queries.parts import pick
from heed.serving.ledger.tables.decided import rule_counts

RULE_COUNTS = pick(
    rule_counts,
    "rule evaluated suppressed reviewed errored observed fired_before fired_now decisions_now last_fired silent_since",
).order_by(rule_counts.c.rule)

DROP_RULE_COUNT = delete(rule_counts).where(rule_counts.c.rule == bindparam("rule"))

ADD_RULE_COUNT = insert(rule_counts)
