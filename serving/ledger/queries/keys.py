"""The customers' own keys."""

from sqlalchemy import bindparam, delete, insert, select

from serving.ledger.queries.parts import OF_WHOM, pick
from serving.ledger.tables.people import customers
from serving.ledger.tables.secrets import data_keys

KEY_OF_CUSTOMER = pick(data_keys, "key_id wrapped").where(data_keys.c.customer_id == OF_WHOM)

KEY = select(data_keys.c.wrapped).where(data_keys.c.key_id == bindparam("key_id"))

ADD_KEY = insert(data_keys)

DROP_KEY = delete(data_keys).where(data_keys.c.customer_id == OF_WHOM)

# Decisions are never rewritten: those about a customer who was merged into this one keep that one's key.
_MERGED = select(customers.c.customer_id).where(customers.c.merged_into == OF_WHOM)

KEYS_OF_PERSON = select(data_keys.c.key_id).where(
    (data_keys.c.customer_id == OF_WHOM) | data_keys.c.customer_id.in_(_MERGED)
)
