"""API keys: listed, made and revoked. A key never grants what the key that makes it lacks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from heed.serving.auth.api_key import ApiKey, NewKey, create_key
from heed.serving.auth.key_cache import KeyCache
from heed.serving.auth.key_refresh import refresh_keys
from heed.serving.auth.principal import Principal
from heed.serving.auth.scopes import Role, Scope, narrow_scopes
from heed.serving.errors import Forbidden
from heed.serving.ledger.ledger import Ledger
from heed.serving.schemas.key_requests import KeyRequest


@dataclass(frozen=True, slots=True)
class KeyList:
    """Keys at one moment, which says which of them are live."""

    keys: tuple[ApiKey, ...]
    at: datetime


class KeyService:
    """Manages the keys in the ledger, and has this process honour each change at once.

    Parameters
    ----------
    clock : callable
        The present moment, with an offset.
    """

    def __init__(self, *, ledger: Ledger, cache: KeyCache, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._cache = cache
        self._clock = clock

    async def list_keys(self) -> KeyList:
        """All keys that were ever made, oldest first."""
        return KeyList(await self._ledger.run_blocking(self._ledger.api_keys.list), self._clock())

    async def create(self, request: KeyRequest, principal: Principal) -> tuple[NewKey, datetime]:
        """A new key with its secret, and when it was made.

        Raises
        ------
        Forbidden
            If it would grant more than the key of whoever asks for it.
        """
        scopes = narrow_scopes(request.role, request.scopes)
        _refuse_to_widen(request.role, scopes, principal)
        now = self._clock()
        new_key = create_key(request.name, request.role, scopes, now, request.expires_at)
        await self._ledger.api_keys.add(new_key.key)
        await self._refresh_cache()
        return new_key, now

    async def revoke(self, key_id: str) -> tuple[ApiKey, datetime]:
        """Revoke a key for good: here from now on, on other workers within seconds."""
        revoked = await self._ledger.api_keys.revoke(key_id)
        await self._refresh_cache()
        return revoked, self._clock()

    async def refresh(self) -> None:
        """Record when keys were used, and read what other processes made or revoked."""
        await refresh_keys(self._cache, self._ledger.api_keys)

    async def _refresh_cache(self) -> None:
        self._cache.replace(await self._ledger.run_blocking(self._ledger.api_keys.list))


def _refuse_to_widen(role: Role, scopes: frozenset[Scope], principal: Principal) -> None:
    """Refuse a policy admin's key with scopes that its creator lacks."""
    more = sorted(scopes - principal.scopes) if role is Role.POLICY_ADMIN else []
    if more:
        remedy = "have it made with a key that has them"
        raise Forbidden("a key cannot give what it lacks", field="scopes", value=", ".join(more), remedy=remedy)
