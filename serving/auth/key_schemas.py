"""API keys as the API returns them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from heed.serving.auth.api_key import ApiKey
from heed.serving.auth.scopes import Role, Scope


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key without its secret; `used_at` is to the hour."""

    key_id: str
    name: str
    role: Role
    scopes: Sequence[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None
    live: bool


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A new key. `token` is the whole of it, and is never shown again."""

    token: str = field(repr=False)
    key: KeyView


@dataclass(frozen=True, slots=True)
class KeysPage:
    """All keys, oldest first."""

    keys: Sequence[KeyView]


def key_view(key: ApiKey, now: datetime) -> KeyView:
    """A key without its secret, as of now."""
    return KeyView(
        key_id=key.key_id,
        name=key.name,
        role=key.role,
        scopes=sorted(key.scopes),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        used_at=key.used_at,
        live=key.live(now),
    )
