"""Customers, their contact points, and the versions of what is known of them."""

from sqlalchemy import bindparam, delete, insert, select, update

from serving.ledger.queries.parts import OF_WHOM, pick
from serving.ledger.tables.people import contact_points, customers

CUSTOMER = pick(customers, "version attributes time_zone jurisdiction identity reported_at merged_into").where(
    customers.c.customer_id == OF_WHOM
)

MERGED_INTO = select(customers.c.merged_into).where(customers.c.customer_id == OF_WHOM)

VERSION = select(customers.c.version).where(customers.c.customer_id == OF_WHOM)

CONTACT_POINTS = (
    pick(contact_points, "contact_point channel time_zones")
    .where(contact_points.c.customer_id == OF_WHOM)
    .order_by(contact_points.c.position)
)

ADD_CUSTOMER = insert(customers)

RAISE_VERSION = update(customers).where(customers.c.customer_id == OF_WHOM).values(version=customers.c.version + 1)

CHANGE_CUSTOMER = (
    update(customers)
    .where(customers.c.customer_id == OF_WHOM)
    .values(
        attributes=bindparam("attributes"),
        time_zone=bindparam("time_zone"),
        jurisdiction=bindparam("jurisdiction"),
        identity=bindparam("identity"),
    )
)

REPORTED = update(customers).where(customers.c.customer_id == OF_WHOM).values(reported_at=bindparam("at"))

DROP_CONTACT_POINTS = delete(contact_points).where(contact_points.c.customer_id == OF_WHOM)

ADD_CONTACT_POINT = insert(contact_points)

ANYBODY = select(customers.c.customer_id).limit(1)
