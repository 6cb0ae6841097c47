"""What source systems know of customers: attributes, zones, contact points, suppressions."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from heed.decisioning.canonical import canonical_json
from heed.decisioning.customer import ContactPoint
from heed.serving.ledger.backend.repository import writes
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import DataKey, get_or_create_key
from heed.serving.ledger.encryption.pii import Profile, decrypt_profile, encrypt_profile
from heed.serving.ledger.facts.customers import (
    add_customer,
    contact_point_lock,
    contact_points_of,
    find_customer,
    raise_versions,
    replace_contact_points,
    report_locks,
    set_profile,
    set_reported,
    under_current_ids,
)
from heed.serving.ledger.facts.ingest import IngestResult
from heed.serving.ledger.facts.objections import strike_holder
from heed.serving.ledger.facts.reports import CustomerReport
from heed.serving.ledger.facts.suppressions import add_suppression


def _locks(transaction: Transaction, reports: Sequence[CustomerReport]) -> Iterator[str]:
    """The customers, and the contact points that they are said to have: an objection of one may be on its way."""
    yield from report_locks(transaction, reports)
    yield from {contact_point_lock(point.contact_point) for report in reports for point in report.contact_points}


@writes(locks=_locks)
def record_customers(transaction: Transaction, now: datetime, reports: Sequence[CustomerReport]) -> IngestResult:
    """Create or change customers; a report that changes nothing is a duplicate, though the profile is fresh again."""
    accepted = sum(_record(transaction, now, report) for report in under_current_ids(transaction, reports))
    return IngestResult(accepted, len(reports) - accepted)


def _record(transaction: Transaction, now: datetime, report: CustomerReport) -> bool:
    stored = find_customer(transaction, report.customer_id)
    key = get_or_create_key(transaction, now, report.customer_id)
    if stored is None:
        profile = Profile(report.attributes, report.time_zone, report.jurisdiction, report.identity)
        add_customer(transaction, now, report.customer_id, profile=encrypt_profile(key, profile))
        changed = False
    else:
        changed = _change_profile(transaction, key, report, decrypt_profile(key, stored.encrypted_profile))
    changed |= _change_contact_points(transaction, now, key, report)
    for suppression in report.suppressions:
        changed |= add_suppression(transaction, now, report.customer_id, suppression)
    if stored is not None and changed:
        raise_versions(transaction, now, (report.customer_id,))
    set_reported(transaction, report.customer_id, now)
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
    set_profile(transaction, key, report.customer_id, changed)
    return True


def _change_contact_points(transaction: Transaction, now: datetime, key: DataKey, report: CustomerReport) -> bool:
    points, customer_id = unique_points(report.contact_points), report.customer_id
    if not points or contact_points_of(transaction, customer_id, key) == points:
        return False
    replace_contact_points(transaction, key, customer_id, points)
    strike_holder(transaction, now, customer_id, points)
    return True


def unique_points(points: Sequence[ContactPoint]) -> tuple[ContactPoint, ...]:
    """Each contact point once, in every zone that any mention of it gave."""
    zones: dict[tuple[str, str], dict[str, None]] = {}
    for point in points:
        zones.setdefault((point.contact_point, point.channel), {}).update(dict.fromkeys(point.time_zones))
    return tuple(ContactPoint(name, channel, tuple(found)) for (name, channel), found in zones.items())
