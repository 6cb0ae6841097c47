"""Making, revoking and listing API keys, inside a transaction."""

from collections.abc import Mapping
from datetime import datetime

import orjson

from heed.decisioning.errors import Conflict, NotFound
from heed.serving.auth.api_key import LIVE_KEYS_PER_NAME, ApiKey
from heed.serving.auth.scopes import Role, Scope
from heed.serving.ledger.backend.times import micros, micros_or_none, moment, moment_or_none
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.queries.api_keys import ADD_KEY, KEY, KEYS, KEYS_OF_NAME, REVOKE_KEY, USE_KEY


def keys(transaction: Transaction) -> tuple[ApiKey, ...]:
    """All keys, revoked and expired ones as well, oldest first."""
    return tuple(map(_key, transaction.rows(KEYS, {})))


def add(transaction: Transaction, now: datetime, key: ApiKey) -> None:
    """Keep a new key.

    Raises
    ------
    Conflict
        If two live keys have its name already, or one has it in another role.
    """
    live = [one for one in map(_key, transaction.rows(KEYS_OF_NAME, {"named": key.name})) if one.live(now)]
    if len(live) >= LIVE_KEYS_PER_NAME:
        remedy = f"revoke one of {', '.join(one.key_id for one in live)}"
        raise Conflict(f"{LIVE_KEYS_PER_NAME} live keys have this name", field="name", value=key.name, remedy=remedy)
    other = next((one for one in live if one.role is not key.role), None)
    if other is not None:
        remedy = f"the name is that of a {other.role}: choose another"
        raise Conflict("a name has one role", field="name", value=key.name, remedy=remedy)
    transaction.run(ADD_KEY, _stored(key))


def revoke(transaction: Transaction, now: datetime, key_id: str) -> ApiKey:
    """Take a key back for good; one that was taken back before stays as it is.

    Raises
    ------
    NotFound
        If there is no such key.
    """
    transaction.run(REVOKE_KEY, {"key": key_id, "at": micros(now)})
    row = transaction.row(KEY, {"key": key_id})
    if row is None:
        raise NotFound("no such key", field="key_id", value=key_id, remedy="`heed keys list` names them")
    return _key(row)


def use(transaction: Transaction, now: datetime, used: Mapping[str, datetime]) -> None:  # noqa: ARG001 - a job's shape
    """Keep when keys were last used, in order of their ids, so that no two workers wait for each other."""
    for key_id, at in sorted(used.items()):
        transaction.later(USE_KEY, {"key": key_id, "at": micros(at)})


def _stored(key: ApiKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "role": key.role.value,
        "scopes": orjson.dumps(sorted(key.scopes)).decode(),
        "digest": key.digest,
        "created_at": micros(key.created_at),
        "expires_at": micros_or_none(key.expires_at),
        "revoked_at": micros_or_none(key.revoked_at),
        "used_at": micros_or_none(key.used_at),
    }


def _key(row: Row) -> ApiKey:
    key_id, name, role, scopes, digest, created_at, *moments = row
    named = frozenset(map(Scope, orjson.loads(scopes)))
    return ApiKey(key_id, name, Role(role), named, digest, moment(created_at), *map(moment_or_none, moments))
