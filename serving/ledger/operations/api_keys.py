"""API keys of callers. A key is never forgotten: once one was made, the service stays closed without one."""

from collections.abc import Mapping
from datetime import datetime

import orjson
from sqlalchemy import bindparam, insert, update

from heed.decisioning.errors import Conflict, NotFound
from heed.serving.auth.api_key import LIVE_KEYS_PER_NAME, ApiKey
from heed.serving.auth.scopes import Role, Scope
from heed.serving.ledger.backend.database import exclusive, no_locks
from heed.serving.ledger.backend.repository import reads, writes
from heed.serving.ledger.backend.times import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.schema import api_keys, pick

_COLUMNS = "key_id name role scopes digest created_at expires_at revoked_at used_at"
_ALL = pick(api_keys, _COLUMNS).order_by(api_keys.c.created_at, api_keys.c.key_id)


@reads()
def list_keys(transaction: Transaction) -> tuple[ApiKey, ...]:
    """All keys, revoked and expired ones as well, oldest first."""
    return tuple(map(_key, transaction.rows(_ALL, {})))


_OF_NAME = pick(api_keys, _COLUMNS).where(api_keys.c.name == bindparam("named"))
_ADD = insert(api_keys)


@writes(locks=exclusive("keys"))
def add_key(transaction: Transaction, now: datetime, key: ApiKey) -> None:
    """Keep a new key.

    Raises
    ------
    Conflict
        If two live keys have its name already, or one has it in another role.
    """
    live = [other for other in map(_key, transaction.rows(_OF_NAME, {"named": key.name})) if other.live(now)]
    if len(live) >= LIVE_KEYS_PER_NAME:
        remedy = f"revoke one of {', '.join(other.key_id for other in live)}"
        raise Conflict(f"{LIVE_KEYS_PER_NAME} live keys have this name", field="name", value=key.name, remedy=remedy)
    other = next((found for found in live if found.role is not key.role), None)
    if other is not None:
        remedy = f"the name is that of a {other.role}: choose another"
        raise Conflict("a name has one role", field="name", value=key.name, remedy=remedy)
    transaction.run(_ADD, _stored(key))


_REVOKE = (
    update(api_keys)
    .where(api_keys.c.key_id == bindparam("key"), api_keys.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)
_BY_ID = pick(api_keys, _COLUMNS).where(api_keys.c.key_id == bindparam("key"))


@writes(locks=no_locks)
def revoke_key(transaction: Transaction, now: datetime, key_id: str) -> ApiKey:
    """Take a key back for good; one that was taken back before stays as it is.

    Raises
    ------
    NotFound
        If there is no such key.
    """
    transaction.run(_REVOKE, {"key": key_id, "at": to_micros(now)})
    row = transaction.row(_BY_ID, {"key": key_id})
    if row is None:
        raise NotFound("no such key", field="key_id", value=key_id, remedy="`heed keys list` names them")
    return _key(row)


_USE = update(api_keys).where(api_keys.c.key_id == bindparam("key")).values(used_at=bindparam("at"))


@writes(locks=no_locks)
def mark_keys_used(transaction: Transaction, now: datetime, used: Mapping[str, datetime]) -> None:  # noqa: ARG001 - a write's shape
    """Keep when keys were last used, in order of their ids, so that no two workers wait for each other."""
    for key_id, at in sorted(used.items()):
        transaction.defer(_USE, {"key": key_id, "at": to_micros(at)})


def _stored(key: ApiKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "role": key.role.value,
        "scopes": orjson.dumps(sorted(key.scopes)).decode(),
        "digest": key.digest,
        "created_at": to_micros(key.created_at),
        "expires_at": to_micros_or_none(key.expires_at),
        "revoked_at": to_micros_or_none(key.revoked_at),
        "used_at": to_micros_or_none(key.used_at),
    }


def _key(row: Row) -> ApiKey:
    key_id, name, role, scopes, digest, created_at, *moments = row
    named = frozenset(map(Scope, orjson.loads(scopes)))
    return ApiKey(key_id, name, Role(role), named, digest, from_micros(created_at), *map(from_micros_or_none, moments))
