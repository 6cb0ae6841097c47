"""Keeping the keys in memory like those in the ledger: another process may make or revoke one at any time."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from heed.serving.auth.api_key import ApiKey
from heed.serving.auth.key_cache import KeyCache

KEY_REFRESH_SECONDS = 2.0


class KeyStore(Protocol):
    """Where keys are kept."""

    def api_keys(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first."""
        ...

    async def use_keys(self, used: Mapping[str, datetime]) -> None:
        """Keep when keys were last used."""
        ...


async def refresh_keys(keyring: KeyCache, kept: KeyStore) -> None:
    """Mark what was used, at most once an hour for each key, and read all keys anew."""
    used = keyring.recent_uses()
    if used:
        await kept.use_keys(used)
    keyring.replace(await asyncio.to_thread(kept.api_keys))
