"""Consents and suppressions."""

from sqlalchemy import bindparam, insert, select

from heed.serving.ledger.queries.parts import OF_WHOM, pick
from heed.serving.ledger.tables.people import consents, suppressions

CONSENTS = (
    pick(consents, "consent_id channel purpose status recorded_at contact_point basis expires_at topic")
    .where(consents.c.customer_id == OF_WHOM, consents.c.retired_at.is_(None))
    .order_by(consents.c.recorded_at, consents.c.consent_id)
)

SUPPRESSIONS = (
    pick(suppressions, "suppression_id reason recorded_at channel until")
    .where(suppressions.c.customer_id == OF_WHOM)
    .order_by(suppressions.c.recorded_at, suppressions.c.suppression_id)
)

SUPPRESSION_BY_ID = select(suppressions.c.suppression_id).where(
    suppressions.c.suppression_id == bindparam("suppression_id")
)

ADD_SUPPRESSION = insert(suppressions)

CONSENT_BY_ID = pick(
    consents, "customer_id channel purpose status recorded_at contact_point basis expires_at topic"
).where(consents.c.consent_id == bindparam("id"))

ADD_CONSENT = insert(consents)
