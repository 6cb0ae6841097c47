"""Customers who become one."""

from sqlalchemy import bindparam, delete, select, update

from heed.serving.ledger.queries.parts import OF_WHOM, pick
from heed.serving.ledger.tables.decided import reviews
from heed.serving.ledger.tables.happenings import contacts, last_signals, outcomes, signals
from heed.serving.ledger.tables.people import consents, customers

STATEMENTS = (
    pick(consents, "consent_id channel purpose status recorded_at contact_point basis expires_at topic")
    .where(consents.c.customer_id == OF_WHOM, consents.c.retired_at.is_(None))
    .order_by(consents.c.consent_id)
)

RETIRE = update(consents).where(consents.c.consent_id == bindparam("statement")).values(retired_at=bindparam("at"))

# What moves as it is. Consents and suppressions are said anew, since their ids tell whose they were; signals and the
# values of outcomes are sealed anew.
MOVED = tuple(
    update(table).where(table.c.customer_id == bindparam("old")).values(customer_id=bindparam("new"))
    for table in (signals, contacts, outcomes, reviews)
)

MERGED = update(customers).where(customers.c.customer_id == bindparam("old")).values(merged_into=bindparam("new"))

MERGED_BEFORE = (
    update(customers).where(customers.c.merged_into == bindparam("old")).values(merged_into=bindparam("new"))
)

FRESH_SINCE = update(customers).where(customers.c.customer_id == bindparam("new")).values(reported_at=bindparam("at"))

CUSTOMER_IDS = (
    select(customers.c.customer_id).where(customers.c.merged_into.is_(None)).order_by(customers.c.customer_id)
)

SIGNALS_OF = pick(signals, "signal_id entry").where(signals.c.customer_id == OF_WHOM)

CHANGE_SIGNAL = update(signals).where(signals.c.signal_id == bindparam("signal")).values(entry=bindparam("entry"))

DROP_LAST_SIGNALS = delete(last_signals).where(last_signals.c.customer_id == OF_WHOM)

VALUES_OF = pick(outcomes, "outcome_id value").where(outcomes.c.customer_id == OF_WHOM, outcomes.c.value.is_not(None))

CHANGE_VALUE = update(outcomes).where(outcomes.c.outcome_id == bindparam("outcome")).values(value=bindparam("value"))
