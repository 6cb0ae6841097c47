"""Taking what source systems know of customers: attributes, zones, contact points, suppressions."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from decisioning.canonical import canonical_json, digest
from decisioning.customer import ContactPoint, Suppression
from serving.ledger import queries
from serving.ledger.intake import add_customer, raise_versions
from serving.ledger.reports import CustomerReport, Receipted
from serving.ledger.times import micros, micros_or_none
from serving.ledger.transaction import Row, Transaction


def record_customers(transaction: Transaction, now: datetime, reports: Sequence[CustomerReport]) -> Receipted:
    """Create or change customers; a report that changes nothing is a duplicate."""
    accepted = sum(_take(transaction, now, report) for report in reports)
    return Receipted(accepted, len(reports) - accepted)


def _take(transaction: Transaction, now: datetime, report: CustomerReport) -> bool:
    stored = transaction.row(queries.CUSTOMER, {"customer_id": report.customer_id})
    if stored is None:
        attributes = canonical_json(report.attributes).decode()
        add_customer(transaction, now, report.customer_id, attributes, report.time_zone, report.jurisdiction)
        changed = False
    else:
        changed = _change_profile(transaction, report, stored)
    changed |= _change_contact_points(transaction, report.customer_id, report.contact_points)
    for suppression in report.suppressions:
        changed |= _add_suppression(transaction, now, report.customer_id, suppression)
    if stored is not None and changed:
        raise_versions(transaction, now, (report.customer_id,))
    return stored is None or changed


def _change_profile(transaction: Transaction, report: CustomerReport, stored: Row) -> bool:
    _, attributes, time_zone, jurisdiction = stored
    changed = (
        canonical_json({**orjson.loads(attributes), **report.attributes}).decode(),
        report.time_zone or time_zone,
        report.jurisdiction or jurisdiction,
    )
    if changed == (attributes, time_zone, jurisdiction):
        return False
    values = dict(zip(("attributes", "time_zone", "jurisdiction"), changed, strict=True))
    transaction.run(queries.CHANGE_CUSTOMER, {"customer_id": report.customer_id, **values})
    return True


def _change_contact_points(transaction: Transaction, customer_id: str, points: Sequence[ContactPoint]) -> bool:
    who = {"customer_id": customer_id}
    given = list(dict.fromkeys(points))
    if not given or [ContactPoint(*row) for row in transaction.rows(queries.CONTACT_POINTS, who)] == given:
        return False
    transaction.run(queries.DROP_CONTACT_POINTS, who)
    for position, point in enumerate(given):
        place = {"channel": point.channel, "contact_point": point.contact_point, "position": position}
        transaction.run(queries.ADD_CONTACT_POINT, {**who, **place})
    return True


def _add_suppression(transaction: Transaction, now: datetime, customer_id: str, one: Suppression) -> bool:
    # Suppressions come without ids of their own: the content is the identity.
    own_id = digest([customer_id, one])
    if transaction.row(queries.SUPPRESSION_BY_ID, {"suppression_id": own_id}) is not None:
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
    transaction.run(queries.ADD_SUPPRESSION, values)
    return True
