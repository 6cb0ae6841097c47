"""API keys: ``heed_<key id>_<secret>``. The id may be shown; the secret is shown once, and only its hash is kept."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from heed.decisioning.errors import InvalidInput
from heed.serving.auth.scopes import Role, Scope

LIVE_KEYS_PER_NAME = 2
# What callers are called who need no key; a key of that name would share their idempotency keys.
LOCAL_CALLER = "local"

_TOKEN = re.compile(r"heed_([0-9a-f]{12})_[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_SPAN = re.compile(r"([1-9][0-9]{0,4})([dhm])", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as it is kept.

    Attributes
    ----------
    key_id : str
        Public part of the key.
    name : str
        Whose it is. Two live keys may share a name, so that one can replace the other.
    digest : str
        SHA-256 of the whole key in hexadecimal. The secret has 256 random bits, so a slow hash would add nothing.
    used_at : datetime or None
        Last use, to the hour.
    """

    key_id: str
    name: str
    role: Role
    scopes: frozenset[Scope]
    digest: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, with the token that nobody sees again."""

    key: ApiKey
    token: str = field(repr=False)


def create_key(
    name: str, role: Role, scopes: frozenset[Scope], now: datetime, expires_at: datetime | None = None
) -> NewKey:
    """A new key.

    Raises
    ------
    InvalidInput
        If the name is no name, or the key would have expired already.
    """
    if not _NAME.fullmatch(name) or name == LOCAL_CALLER:
        remedy = f"use 1 to 63 of a-z, 0-9, `.`, `_` and `-`, and not `{LOCAL_CALLER}`"
        raise InvalidInput("not a name for a key", field="name", value=name, remedy=remedy)
    if expires_at is not None and expires_at <= now:
        remedy = "name a moment to come, or leave it out"
        raise InvalidInput(
            "the key would be expired from the start", field="expires_at", value=expires_at, remedy=remedy
        )
    key_id = secrets.token_hex(6)
    token = f"heed_{key_id}_{secrets.token_hex(32)}"
    return NewKey(ApiKey(key_id, name, role, scopes, token_digest(token), now, expires_at), token)


def key_id_of(token: str) -> str | None:
    """The key id in a token, None where it is no token of heed's."""
    found = _TOKEN.fullmatch(token)
    return None if found is None else found[1]


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_matches(token: str, key: ApiKey) -> bool:
    """Whether the token is that key's, found out in constant time."""
    return hmac.compare_digest(token_digest(token), key.digest)


def parse_duration(text: str) -> timedelta:
    """A length of time such as ``90d``, ``12h`` or ``30m``.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise InvalidInput("not a length of time", field="expires", value=text, remedy="write it as 90d, 12h or 30m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
