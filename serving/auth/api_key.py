"""API keys: ``heed_<key id>_<secret>``. The id is public; the secret is shown once, and only its hash is stored."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from heed.decisioning.errors import InvalidInput
from heed.serving.auth.scopes import Role, Scope

LIVE_KEYS_PER_NAME = 2
# The name of callers without a key; an API key of that name would share their idempotency keys.
LOCAL_CALLER = "local"

_TOKEN = re.compile(r"heed_([0-9a-f]{12})_[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_DURATION = re.compile(r"([1-9][0-9]{0,4})([dhm])", re.ASCII)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as it is stored.

    Attributes
    ----------
    key_id : str
        The public part.
    name : str
        Its owner. Two live keys may share a name, so that one can replace the other.
    digest : str
        SHA-256 of the whole token in hexadecimal. The secret has 256 random bits, so a slow hash would add nothing.
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
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key, with its token, which is never shown again."""

    key: ApiKey
    token: str = field(repr=False)


def create_key(
    name: str, role: Role, scopes: frozenset[Scope], now: datetime, expires_at: datetime | None = None
) -> NewKey:
    """A new key.

    Raises
    ------
    InvalidInput
        If the name is invalid, or the expiry is in the past.
    """
    if not _NAME.fullmatch(name) or name == LOCAL_CALLER:
        remedy = f"use 1 to 63 of a-z, 0-9, `.`, `_` and `-`, but not `{LOCAL_CALLER}`"
        raise InvalidInput("invalid key name", field="name", value=name, remedy=remedy)
    if expires_at is not None and expires_at <= now:
        remedy = "give a time in the future, or leave it out"
        raise InvalidInput("the expiry is in the past", field="expires_at", value=expires_at, remedy=remedy)
    key_id = secrets.token_hex(6)
    token = f"heed_{key_id}_{secrets.token_hex(32)}"
    return NewKey(ApiKey(key_id, name, role, scopes, token_digest(token), now, expires_at), token)


def key_id_of(token: str) -> str | None:
    """The key id in a token, None if it is not a heed token."""
    parts = _TOKEN.fullmatch(token)
    return None if parts is None else parts[1]


def token_digest(token: str) -> str:
    """The stored hash of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_matches(token: str, key: ApiKey) -> bool:
    """Whether a token belongs to a key, compared in constant time."""
    return hmac.compare_digest(token_digest(token), key.digest)


def parse_duration(text: str) -> timedelta:
    """Parse a duration such as ``90d``, ``12h`` or ``30m``.

    Raises
    ------
    InvalidInput
        If it is not a duration.
    """
    duration = _DURATION.fullmatch(text)
    if duration is None:
        raise InvalidInput("invalid duration", field="expires", value=text, remedy="write it as 90d, 12h or 30m")
    return timedelta(**{_UNITS[duration[2]]: int(duration[1])})
