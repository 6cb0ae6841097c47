"""API keys."""

from sqlalchemy import bindparam, insert, update

from heed.serving.ledger.queries.parts import pick
from heed.serving.ledger.tables.secrets import api_keys

_KEY = "key_id name role scopes digest created_at expires_at revoked_at used_at"

KEYS = pick(api_keys, _KEY).order_by(api_keys.c.created_at, api_keys.c.key_id)

KEYS_OF_NAME = pick(api_keys, _KEY).where(api_keys.c.name == bindparam("named"))

KEY = pick(api_keys, _KEY).where(api_keys.c.key_id == bindparam("key"))

ADD_KEY = insert(api_keys)

REVOKE_KEY = (
    update(api_keys)
    .where(api_keys.c.key_id == bindparam("key"), api_keys.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)

USE_KEY = update(api_keys).where(api_keys.c.key_id == bindparam("key")).values(used_at=bindparam("at"))
