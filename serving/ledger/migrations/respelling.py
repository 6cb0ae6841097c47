"""Bringing a ledger from before people were known in any spelling to the one form that ids have now."""

from datetime import datetime

from decisioning.naming import normal
from serving.ledger.facts.merging import merge
from serving.ledger.queries.merging import CUSTOMER_IDS
from serving.ledger.store.transaction import Transaction


def respell(transaction: Transaction, now: datetime) -> None:
    """Give customers their one form; those who become one are merged, which never widens."""
    for (customer_id,) in transaction.rows(CUSTOMER_IDS, {}):
        if normal(customer_id) != customer_id:
            merge(transaction, now, normal(customer_id), customer_id)
