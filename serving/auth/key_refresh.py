"""Refresh the keys in memory from the ledger: another process may create or revoke one at any time."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from heed.serving.auth.api_key import ApiKey
from heed.serving.auth.key_cache import KeyCache

KEY_REFRESH_SECONDS = 2.0


class KeyStore(Protocol):
    """Where API keys are stored."""

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first."""
        ...

    async def mark_used(self, used: Mapping[str, datetime]) -> None:
        """Store when keys were last used."""
        ...


async def refresh_keys(key_cache: KeyCache, store: KeyStore) -> None:
    """Store recent uses, at most once an hour per key, and reload all keys."""
    used = key_cache.recent_uses()
    if used:
        await store.mark_used(used)
    key_cache.replace(await asyncio.to_thread(store.list))
