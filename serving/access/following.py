"""Keeping the keys in memory like those in the ledger: another process may make or revoke one at any time."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from decisioning.errors import HeedError
from serving.access.keyring import Keyring
from serving.access.keys import Key

logger = logging.getLogger("heed.serving")

FOLLOW_SECONDS = 2.0


class KeptKeys(Protocol):
    """Where keys are kept."""

    def api_keys(self) -> tuple[Key, ...]:
        """All keys, oldest first."""
        ...

    async def use_keys(self, used: Mapping[str, datetime]) -> None:
        """Keep when keys were last used."""
        ...


async def follow_keys(keyring: Keyring, kept: KeptKeys) -> None:
    """Follow for as long as the service runs; what fails is told once and tried again."""
    told = False
    while True:
        await asyncio.sleep(FOLLOW_SECONDS)
        try:
            await follow_once(keyring, kept)
            told = False
        except HeedError as error:
            if not told:
                logger.warning("the keys could not be read or marked as used: %s", error)
            told = True


async def follow_once(keyring: Keyring, kept: KeptKeys) -> None:
    """Mark what was used, at most once an hour for each key, and read all keys anew."""
    used = keyring.newly_used()
    if used:
        await kept.use_keys(used)
    keyring.replace(await asyncio.to_thread(kept.api_keys))
