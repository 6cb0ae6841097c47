"""What is known of one customer at one version: everything a decision is made on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from heed.decisioning.customer import Customer
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.repository import reads_now
from heed.serving.ledger.backend.transaction import Query, Transaction
from heed.serving.ledger.facts.consents import consents_of, consents_query
from heed.serving.ledger.facts.contacts import contacts_of, contacts_query
from heed.serving.ledger.facts.customers import (
    contact_points_of,
    contact_points_query,
    customer_query,
    find_customer,
)
from heed.serving.ledger.facts.objections import objections_of, objections_query
from heed.serving.ledger.facts.outcomes import outcomes_of, outcomes_query
from heed.serving.ledger.facts.signals import signals_of, signals_query
from heed.serving.ledger.facts.suppressions import suppressions_of, suppressions_query

# No feature looks further back than 90 days; the rest is margin for caps and clocks.
HISTORY_WINDOW = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    """A customer as far as the ledger knows them, at one version.

    Attributes
    ----------
    version : int
        Grows with every fact about the customer; 0 for one the ledger has never heard of.
    exists : bool
        False where the ledger knows nothing; `customer` then holds the id alone.
    """

    customer: Customer
    version: int
    exists: bool


def _prefetch(key_ring: KeyRing, now: datetime, customer_id: str, *, since: datetime | None = None) -> list[Query]:
    start = now - HISTORY_WINDOW if since is None else since
    return [
        customer_query(customer_id),
        contact_points_query(customer_id),
        consents_query(customer_id),
        suppressions_query(customer_id),
        signals_query(customer_id, start),
        contacts_query(customer_id, start),
        outcomes_query(customer_id, start),
        objections_query(key_ring, customer_id),
    ]


@reads_now(prefetch=_prefetch)
def customer_snapshot(
    transaction: Transaction, now: datetime, customer_id: str, *, since: datetime | None = None
) -> CustomerSnapshot:
    """The customer with all consents, suppressions and objections, and what happened from `since` on.

    Parameters
    ----------
    since : datetime, optional
        92 days ago unless it is given. Of outcomes and signals before it the last of each type is given, since it may
        have opened a case that nobody closed; of more than 2,000 signals the latest 2,000. Histories are in order of
        time, oldest first; equal times are in order of their ids.

    A customer who was merged into another is the other.
    """
    transaction.prefetch(_prefetch(transaction.key_ring, now, customer_id, since=since))
    stored = find_customer(transaction, customer_id)
    if stored is None:
        return CustomerSnapshot(Customer(customer_id), 0, exists=False)
    if stored.merged_into is not None:
        return customer_snapshot(transaction, now, stored.merged_into, since=since)
    start = now - HISTORY_WINDOW if since is None else since
    key, profile = stored.key, stored.profile()
    points = contact_points_of(transaction, customer_id, key)
    customer = Customer(
        customer_id,
        attributes=profile.attributes,
        time_zone=profile.time_zone,
        jurisdiction=profile.jurisdiction,
        contact_points=points,
        consents=consents_of(transaction, customer_id, key),
        suppressions=suppressions_of(transaction, customer_id, key),
        signals=signals_of(transaction, customer_id, key, start),
        contacts=contacts_of(transaction, customer_id, start),
        outcomes=outcomes_of(transaction, customer_id, start),
        objections=objections_of(transaction, customer_id, points),
        identity=profile.identity,
        reported_at=stored.reported_at,
    )
    return CustomerSnapshot(customer, stored.version, exists=True)
