"""The keys that callers show."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from heed.serving.auth.api_key import ApiKey
from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.backend.locks import nothing, one_at_a_time
from heed.serving.ledger.operations import keeping_keys


class ApiKeys(Repository):
    """Keys are made, used and revoked, and never forgotten: one that was ever made keeps the service closed."""

    def api_keys(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first."""
        return self._database.read(keeping_keys.keys)

    async def add_key(self, key: ApiKey) -> None:
        """Keep a new key; `Conflict` where two live ones have its name, or one in another role."""
        await self._database.write(partial(keeping_keys.add, key=key), one_at_a_time("keys"))

    async def revoke_key(self, key_id: str) -> ApiKey:
        """Take a key back for good; `NotFound` where there is none."""
        return await self._database.write(partial(keeping_keys.revoke, key_id=key_id), nothing)

    async def use_keys(self, used: Mapping[str, datetime]) -> None:
        """Keep when keys were last used."""
        await self._database.write(partial(keeping_keys.use, used=used), nothing)
