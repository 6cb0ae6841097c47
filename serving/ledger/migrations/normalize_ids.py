"""Bringing a ledger from before people were known in any spelling to the one form that ids have now."""

from datetime import datetime

from heed.decisioning.normalize import normalize_name
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.facts.merge import merge
from heed.serving.ledger.queries.merging import CUSTOMER_IDS


def respell(transaction: Transaction, now: datetime) -> None:
    """Give customers their one form; those who become one are merged, which never widens."""
    for (customer_id,) in transaction.rows(CUSTOMER_IDS, {}):
        if normalize_name(customer_id) != customer_id:
            merge(transaction, now, normalize_name(customer_id), customer_id)
