"""Taking what source systems know of customers: attributes, zones, contact points, suppressions."""

from collections.abc import Sequence
from datetime import datetime

from heed.decisioning.canonical import canonical_json
from heed.decisioning.customer import ContactPoint, Suppression
from heed.serving.ledger.backend.times import micros, micros_or_none
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import DataKey, get_or_create_key
from heed.serving.ledger.encryption.pii import (
    REASON,
    Profile,
    contact_points,
    profile_of,
    sealed_point,
    sealed_profile,
)
from heed.serving.ledger.facts.identity import under_present_ids
from heed.serving.ledger.facts.ingest import add_customer, raise_versions
from heed.serving.ledger.facts.objections import strike_listed
from heed.serving.ledger.queries.consents import ADD_SUPPRESSION, SUPPRESSION_BY_ID
from heed.serving.ledger.queries.customers import (
    ADD_CONTACT_POINT,
    CHANGE_CUSTOMER,
    CUSTOMER,
    DROP_CONTACT_POINTS,
    REPORTED,
)
from heed.serving.ledger.reports import CustomerReport, IngestResult


def record_customers(transaction: Transaction, now: datetime, reports: Sequence[CustomerReport]) -> IngestResult:
    """Create or change customers; a report that changes nothing is a duplicate, though the profile is fresh again."""
    accepted = sum(_take(transaction, now, report) for report in under_present_ids(transaction, reports))
    return IngestResult(accepted, len(reports) - accepted)


def _take(transaction: Transaction, now: datetime, report: CustomerReport) -> bool:
    stored = transaction.row(CUSTOMER, {"customer_id": report.customer_id})
    key = get_or_create_key(transaction, now, report.customer_id)
    if stored is None:
        told = Profile(report.attributes, report.time_zone, report.jurisdiction, report.identity)
        add_customer(transaction, now, report.customer_id, profile=sealed_profile(key, told))
        changed = False
    else:
        changed = _change_profile(transaction, key, report, profile_of(key, stored[1]))
    changed |= _change_contact_points(transaction, now, key, report)
    for suppression in report.suppressions:
        changed |= add_suppression(transaction, now, report.customer_id, suppression)
    if stored is not None and changed:
        raise_versions(transaction, now, (report.customer_id,))
    transaction.later(REPORTED, {"customer_id": report.customer_id, "at": micros(now)})
    return stored is None or changed


def _change_profile(transaction: Transaction, key: DataKey, report: CustomerReport, before: Profile) -> bool:
    changed = Profile(
        {**before.attributes, **report.attributes},
        report.time_zone or before.time_zone,
        report.jurisdiction or before.jurisdiction,
        before.identity if report.identity is None else report.identity,
    )
    # In Python 1, 1.0 and True are equal.
    if canonical_json(changed) == canonical_json(before):
        return False
    transaction.later(CHANGE_CUSTOMER, {"customer_id": report.customer_id, "profile": sealed_profile(key, changed)})
    return True


def _change_contact_points(transaction: Transaction, now: datetime, key: DataKey, report: CustomerReport) -> bool:
    given, customer_id = each_once(report.contact_points), report.customer_id
    if not given or contact_points(transaction, customer_id, key) == given:
        return False
    keep_contact_points(transaction, key, customer_id, given)
    strike_listed(transaction, now, customer_id, given)
    return True


def each_once(points: Sequence[ContactPoint]) -> tuple[ContactPoint, ...]:
    """Each contact point once, in every zone that any mention of it gave."""
    zones: dict[tuple[str, str], dict[str, None]] = {}
    for one in points:
        zones.setdefault((one.contact_point, one.channel), {}).update(dict.fromkeys(one.time_zones))
    return tuple(ContactPoint(point, channel, tuple(found)) for (point, channel), found in zones.items())


def keep_contact_points(
    transaction: Transaction, key: DataKey, customer_id: str, points: Sequence[ContactPoint]
) -> None:
    """Put these contact points in the place of those on record."""
    transaction.later(DROP_CONTACT_POINTS, {"customer_id": customer_id})
    for position, point in enumerate(points):
        hashed = transaction.seal.contact_point(point.contact_point)
        values = {
            "customer_id": customer_id,
            "channel": point.channel,
            "contact_point": hashed,
            "position": position,
            "sealed": sealed_point(key, hashed, point),
        }
        transaction.later(ADD_CONTACT_POINT, values)


def add_suppression(transaction: Transaction, now: datetime, customer_id: str, one: Suppression) -> bool:
    """Add one order not to contact; False if it is there already."""
    # Suppressions come without ids of their own: the content is the identity.
    own_id = transaction.seal.suppression(canonical_json([customer_id, one]).decode())
    if transaction.row(SUPPRESSION_BY_ID, {"suppression_id": own_id}) is not None:
        return False
    values = {
        "suppression_id": own_id,
        "customer_id": customer_id,
        "reason": get_or_create_key(transaction, now, customer_id).sealed_fact(REASON, own_id, one.reason),
        "recorded_at": micros(one.recorded_at),
        "channel": one.channel,
        "until": micros_or_none(one.until),
        "received_at": micros(now),
    }
    transaction.later(ADD_SUPPRESSION, values)
    return True
