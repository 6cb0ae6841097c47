"""API keys in memory, as last read from the ledger."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from time import monotonic

from heed.decisioning.errors import Unavailable
from heed.serving.auth.api_key import ApiKey, key_id_of, token_matches
from heed.serving.errors import Unauthorized

# A key revoked elsewhere must not stay valid for longer than this while the ledger does not answer.
_STALE_SECONDS = 60.0
_REMEDY = "send an API key in the header Authorization: Bearer heed_..."


class KeyCache:
    """All keys that were ever created.

    Parameters
    ----------
    keys : iterable of ApiKey
        The keys in the ledger.
    clock : callable
        The current time, for expiry.
    passing : callable
        Monotonic seconds, for the age of the cache.
    """

    def __init__(
        self, keys: Iterable[ApiKey], clock: Callable[[], datetime], passing: Callable[[], float] = monotonic
    ) -> None:
        self._clock = clock
        self._passing = passing
        self._used: dict[str, datetime] = {}
        self._keys: Mapping[str, ApiKey] = {}
        self.replace(keys)

    @property
    def empty(self) -> bool:
        """Whether no key was ever created. Revoked keys count: revoking the last one does not open the service."""
        return not self._keys

    @property
    def all(self) -> tuple[ApiKey, ...]:
        """Every key, in order of creation."""
        return tuple(self._keys.values())

    def replace(self, keys: Iterable[ApiKey]) -> None:
        """Replace the cache with these keys, read at this moment."""
        self._keys = {key.key_id: key for key in keys}
        self._read_at = self._passing()

    def authenticate(self, token: str) -> ApiKey:
        """The live key that a token belongs to.

        Raises
        ------
        Unauthorized
            If there is none. The error is the same for unknown, revoked and expired keys.
        Unavailable
            If the keys could not be refreshed for a minute.
        """
        if self._passing() - self._read_at > _STALE_SECONDS:
            raise Unavailable("the API keys cannot be read", field="ledger", remedy="see /readyz")
        key = self._keys.get(key_id_of(token) or "")
        now = self._clock()
        if key is None or not token_matches(token, key) or not key.live(now):
            challenge = {"WWW-Authenticate": 'Bearer realm="heed", error="invalid_token"'}
            raise Unauthorized("invalid API key", field="Authorization", remedy=_REMEDY, headers=challenge)
        self._used[key.key_id] = now
        return key

    def recent_uses(self) -> Mapping[str, datetime]:
        """Key ids with the hour of their last use, if it is later than the stored one."""
        hours = {key_id: _hour(at) for key_id, at in self._used.items()}
        return {key_id: hour for key_id, hour in hours.items() if self._is_news(key_id, hour)}

    def _is_news(self, key_id: str, hour: datetime) -> bool:
        key = self._keys.get(key_id)
        return key is not None and (key.used_at is None or key.used_at < hour)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def missing_key(remedy: str = _REMEDY) -> Unauthorized:
    """The error for a request without an API key."""
    challenge = {"WWW-Authenticate": 'Bearer realm="heed"'}
    return Unauthorized("missing API key", field="Authorization", remedy=remedy, headers=challenge)
