"""The customers' own keys."""

from sqlalchemy import bindparam, cast, delete, exists, insert, select, update

from heed.serving.ledger.queries.parts import LIMIT, OF_WHOM, pick
from heed.serving.ledger.tables.people import customers
from heed.serving.ledger.tables.secrets import data_keys, seals

KEY_OF_CUSTOMER = pick(data_keys, "key_id wrapped").where(data_keys.c.customer_id == OF_WHOM)

KEY = select(data_keys.c.wrapped).where(data_keys.c.key_id == bindparam("key_id"))

# A process that was started with a key that the ledger has no more must wrap nothing under it.
_MADE = ("key_id", "customer_id", "wrapped", "created_at")
ADD_KEY = insert(data_keys).from_select(
    _MADE,
    select(*[cast(bindparam(name), data_keys.c[name].type) for name in _MADE]).where(
        exists().where(seals.c.mark == bindparam("under"))
    ),
)

MARK = select(seals.c.mark)

KEYS_AFTER = (
    pick(data_keys, "key_id wrapped")
    .where(data_keys.c.key_id > bindparam("after"))
    .order_by(data_keys.c.key_id)
    .limit(LIMIT)
)

REWRAP = update(data_keys).where(data_keys.c.key_id == bindparam("key")).values(wrapped=bindparam("again"))

CHANGE_SEAL = update(seals).values(mark=bindparam("new_mark"), lasting=bindparam("secret"))

DROP_KEY = delete(data_keys).where(data_keys.c.customer_id == OF_WHOM)

# Decisions are never rewritten: those about a customer who was merged into this one keep that one's key.
_MERGED = select(customers.c.customer_id).where(customers.c.merged_into == OF_WHOM)

KEYS_OF_PERSON = select(data_keys.c.key_id).where(
    (data_keys.c.customer_id == OF_WHOM) | data_keys.c.customer_id.in_(_MERGED)
)
