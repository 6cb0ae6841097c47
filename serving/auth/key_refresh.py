"""Keeping the keys in memory like those in the ledger: another process may make or revoke one at any time."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from heed.decisioning.errors import HeedError
from heed.serving.auth.api_key import ApiKey
from heed.serving.auth.key_cache import KeyCache

logger = logging.getLogger("heed.serving")

KEY_REFRESH_SECONDS = 2.0


class KeyStore(Protocol):
    """Where keys are kept."""

    def api_keys(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first."""
        ...

    async def use_keys(self, used: Mapping[str, datetime]) -> None:
        """Keep when keys were last used."""
        ...


async def refresh_keys_forever(keyring: KeyCache, kept: KeyStore) -> None:
    """Follow for as long as the service runs; what fails is told once and tried again."""
    told = False
    while True:
        await asyncio.sleep(KEY_REFRESH_SECONDS)
        try:
            await refresh_keys(keyring, kept)
            told = False
        except HeedError as error:
            if not told:
                logger.warning("the keys could not be read or marked as used: %s", error)
            told = True


async def refresh_keys(keyring: KeyCache, kept: KeyStore) -> None:
    """Mark what was used, at most once an hour for each key, and read all keys anew."""
    used = keyring.recent_uses()
    if used:
        await kept.use_keys(used)
    keyring.replace(await asyncio.to_thread(kept.api_keys))
