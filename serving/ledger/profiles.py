"""Taking what source systems know of customers: attributes, zones, contact points, suppressions."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from decisioning.canonical import canonical_json, digest
from decisioning.customer import ContactPoint, Suppression
from serving.ledger.identities import under_present_ids
from serving.ledger.intake import add_customer, raise_versions
from serving.ledger.knowing import contact_points
from serving.ledger.objecting import strike_listed
from serving.ledger.queries.consents import ADD_SUPPRESSION, SUPPRESSION_BY_ID
from serving.ledger.queries.customers import ADD_CONTACT_POINT, CHANGE_CUSTOMER, CUSTOMER, DROP_CONTACT_POINTS, REPORTED
from serving.ledger.reports import CustomerReport, Receipted
from serving.ledger.times import micros, micros_or_none
from serving.ledger.transaction import Row, Transaction

_PROFILE = ("attributes", "time_zone", "jurisdiction", "identity")


def record_customers(transaction: Transaction, now: datetime, reports: Sequence[CustomerReport]) -> Receipted:
    """Create or change customers; a report that changes nothing is a duplicate, though the profile is fresh again."""
    accepted = sum(_take(transaction, now, report) for report in under_present_ids(transaction, reports))
    return Receipted(accepted, len(reports) - accepted)


def _take(transaction: Transaction, now: datetime, report: CustomerReport) -> bool:
    stored = transaction.row(CUSTOMER, {"customer_id": report.customer_id})
    if stored is None:
        add_customer(
            transaction,
            now,
            report.customer_id,
            attributes=canonical_json(report.attributes).decode(),
            time_zone=report.time_zone,
            jurisdiction=report.jurisdiction,
            identity=report.identity,
        )
        changed = False
    else:
        changed = _change_profile(transaction, report, stored)
    changed |= _change_contact_points(transaction, now, report.customer_id, report.contact_points)
    for suppression in report.suppressions:
        changed |= add_suppression(transaction, now, report.customer_id, suppression)
    if stored is not None and changed:
        raise_versions(transaction, now, (report.customer_id,))
    transaction.run(REPORTED, {"customer_id": report.customer_id, "at": micros(now)})
    return stored is None or changed


def _change_profile(transaction: Transaction, report: CustomerReport, stored: Row) -> bool:
    _, attributes, *rest = stored
    time_zone, jurisdiction, identity = rest[:3]
    changed = (
        canonical_json({**orjson.loads(attributes), **report.attributes}).decode(),
        report.time_zone or time_zone,
        report.jurisdiction or jurisdiction,
        identity if report.identity is None else report.identity,
    )
    if changed == (attributes, time_zone, jurisdiction, identity):
        return False
    values = dict(zip(_PROFILE, changed, strict=True))
    transaction.run(CHANGE_CUSTOMER, {"customer_id": report.customer_id, **values})
    return True


def _change_contact_points(
    transaction: Transaction, now: datetime, customer_id: str, points: Sequence[ContactPoint]
) -> bool:
    given = each_once(points)
    if not given or contact_points(transaction, customer_id) == given:
        return False
    keep_contact_points(transaction, customer_id, given)
    strike_listed(transaction, now, customer_id, given)
    return True


def each_once(points: Sequence[ContactPoint]) -> tuple[ContactPoint, ...]:
    """Each contact point once, in every zone that any mention of it gave."""
    zones: dict[tuple[str, str], dict[str, None]] = {}
    for one in points:
        zones.setdefault((one.contact_point, one.channel), {}).update(dict.fromkeys(one.time_zones))
    return tuple(ContactPoint(point, channel, tuple(found)) for (point, channel), found in zones.items())


def keep_contact_points(transaction: Transaction, customer_id: str, points: Sequence[ContactPoint]) -> None:
    """Put these contact points in the place of those on record."""
    transaction.run(DROP_CONTACT_POINTS, {"customer_id": customer_id})
    for position, point in enumerate(points):
        values = {
            "customer_id": customer_id,
            "channel": point.channel,
            "contact_point": point.contact_point,
            "position": position,
            "time_zones": orjson.dumps(point.time_zones).decode(),
        }
        transaction.run(ADD_CONTACT_POINT, values)


def add_suppression(transaction: Transaction, now: datetime, customer_id: str, one: Suppression) -> bool:
    """Add one order not to contact; False if it is there already."""
    # Suppressions come without ids of their own: the content is the identity.
    own_id = digest([customer_id, one])
    if transaction.row(SUPPRESSION_BY_ID, {"suppression_id": own_id}) is not None:
        return False
    values = {
        "suppression_id": own_id,
        "customer_id": customer_id,
        "reason": one.reason,
        "recorded_at": micros(one.recorded_at),
        "channel": one.channel,
        "until": micros_or_none(one.until),
        "received_at": micros(now),
    }
    transaction.run(ADD_SUPPRESSION, values)
    return True
