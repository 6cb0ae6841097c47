"""Executors that want nothing any more are left alone until somebody enables them again."""

from datetime import datetime

from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.outbox.messages import disabled
from heed.serving.ledger.queries.handing import ADD_DISABLED, ENABLE


def disable(transaction: Transaction, now: datetime, endpoint: str, because: str) -> bool:
    """Send nothing to an executor any more; False if that was so."""
    if disabled(transaction, endpoint) is not None:
        return False
    transaction.run(ADD_DISABLED, {"endpoint": endpoint, "disabled_at": micros(now), "because": because})
    return True


def enable(transaction: Transaction, now: datetime, endpoint: str) -> bool:  # noqa: ARG001 - the shape of a job
    """Send to an executor again; False if that was so."""
    return bool(transaction.run(ENABLE, {"endpoint": endpoint}))
