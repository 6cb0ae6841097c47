"""Objections to marketing, and whom they struck."""

from sqlalchemy import bindparam, insert, select

from heed.serving.ledger.queries.parts import pick
from heed.serving.ledger.tables.people import contact_points, objections, objectors

OBJECTIONS = (
    pick(objections, "recorded_at contact_point")
    .join(objectors, objectors.c.objection_id == objections.c.objection_id)
    .where(objectors.c.customer == bindparam("subject"))
    .order_by(objections.c.recorded_at, objections.c.objection_id)
)

OBJECTION_BY_ID = pick(objections, "customer contact_point recorded_at").where(
    objections.c.objection_id == bindparam("id")
)

ADD_OBJECTION = insert(objections)

OBJECTIONS_OF_POINT = select(objections.c.objection_id).where(objections.c.contact_point == bindparam("subject"))

OBJECTIONS_OF_CUSTOMER = select(objectors.c.objection_id).where(objectors.c.customer == bindparam("subject"))

OBJECTOR = pick(objectors, "customer objection_id").where(
    objectors.c.customer == bindparam("subject"), objectors.c.objection_id == bindparam("objection_id")
)

ADD_OBJECTOR = insert(objectors)

HOLDERS = (
    select(contact_points.c.customer_id).where(contact_points.c.contact_point == bindparam("contact_point")).distinct()
)
