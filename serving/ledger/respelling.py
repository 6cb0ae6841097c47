"""Bringing a ledger from before people were known in any spelling to the one form that ids have now."""

from dataclasses import replace
from datetime import datetime

from decisioning.naming import normal
from serving.ledger.intake import raise_versions
from serving.ledger.knowing import contact_points
from serving.ledger.merging import merge
from serving.ledger.profiles import each_once, keep_contact_points
from serving.ledger.queries.merging import CONSENTED_POINTS, CUSTOMER_IDS, RESPELL_CONSENTS
from serving.ledger.transaction import Transaction


def respell(transaction: Transaction, now: datetime) -> None:
    """Give contact points and customers their one form; those who become one are merged, which never widens."""
    for (old,) in transaction.rows(CONSENTED_POINTS, {}):
        if normal(old) != old:
            transaction.run(RESPELL_CONSENTS, {"old": old, "new": normal(old)})
    for (customer_id,) in transaction.rows(CUSTOMER_IDS, {}):
        _respell_points(transaction, now, customer_id)
        if normal(customer_id) != customer_id:
            merge(transaction, now, normal(customer_id), customer_id)


def _respell_points(transaction: Transaction, now: datetime, customer_id: str) -> None:
    points = contact_points(transaction, customer_id)
    respelt = each_once([replace(one, contact_point=normal(one.contact_point)) for one in points])
    if respelt != points:
        keep_contact_points(transaction, customer_id, respelt)
        raise_versions(transaction, now, (customer_id,))
