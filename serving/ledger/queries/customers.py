"""Customers, their contact points, and the versions of what is known of them."""

from sqlalchemy import bindparam, delete, insert, select, update

from heed.serving.ledger.queries.parts import OF_WHOM, pick
from heed.serving.ledger.tables.people import contact_points, customers
from heed.serving.ledger.tables.secrets import data_keys

# With the customer's own key, under which the profile is sealed.
CUSTOMER = (
    select(
        customers.c.version,
        customers.c.profile,
        customers.c.reported_at,
        customers.c.merged_into,
        data_keys.c.key_id,
        data_keys.c.wrapped,
    )
    .select_from(customers.outerjoin(data_keys, data_keys.c.customer_id == customers.c.customer_id))
    .where(customers.c.customer_id == OF_WHOM)
)

MERGED_INTO = select(customers.c.merged_into).where(customers.c.customer_id == OF_WHOM)

VERSION = select(customers.c.version).where(customers.c.customer_id == OF_WHOM)

CONTACT_POINTS = (
    pick(contact_points, "contact_point channel sealed")
    .where(contact_points.c.customer_id == OF_WHOM)
    .order_by(contact_points.c.position)
)

ADD_CUSTOMER = insert(customers)

RAISE_VERSION = update(customers).where(customers.c.customer_id == OF_WHOM).values(version=customers.c.version + 1)

CHANGE_CUSTOMER = update(customers).where(customers.c.customer_id == OF_WHOM).values(profile=bindparam("profile"))

REPORTED = update(customers).where(customers.c.customer_id == OF_WHOM).values(reported_at=bindparam("at"))

DROP_CONTACT_POINTS = delete(contact_points).where(contact_points.c.customer_id == OF_WHOM)

ADD_CONTACT_POINT = insert(contact_points)

ANYBODY = select(customers.c.customer_id).limit(1)
