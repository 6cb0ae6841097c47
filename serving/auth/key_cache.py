"""The keys in this process's memory, as they were last read from the ledger."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from time import monotonic

from heed.decisioning.errors import Unavailable
from heed.serving.auth.api_key import ApiKey, key_id_of, token_matches
from heed.serving.errors import Unauthorized

# A key that was revoked elsewhere must not go on for longer than this because the ledger does not answer.
_STALE_SECONDS = 60.0
_REMEDY = "send a key of heed's in the header Authorization: Bearer heed_..."


class KeyCache:
    """All keys that were ever made.

    Parameters
    ----------
    keys : iterable of ApiKey
        Those in the ledger.
    clock : callable
        The present moment, for expiry.
    passing : callable
        Seconds that never run backwards, for the age of what was read.
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
        """Whether no key was ever made. A revoked key counts: taking back the last one opens nothing."""
        return not self._keys

    @property
    def all(self) -> tuple[ApiKey, ...]:
        """Every key, in the order in which they were made."""
        return tuple(self._keys.values())

    def replace(self, keys: Iterable[ApiKey]) -> None:
        """Take these for all keys there are, as of this moment."""
        self._keys = {key.key_id: key for key in keys}
        self._read_at = self._passing()

    def holder(self, token: str) -> ApiKey:
        """The live key that this token is.

        Raises
        ------
        Unauthorized
            If it is none. The answer is the same whether it never was one, was revoked, or has expired.
        Unavailable
            If the keys could not be read for a minute.
        """
        if self._passing() - self._read_at > _STALE_SECONDS:
            raise Unavailable("the keys cannot be read", field="ledger", remedy="look at /readyz")
        found = self._keys.get(key_id_of(token) or "")
        now = self._clock()
        if found is None or not token_matches(token, found) or not found.live(now):
            challenge = {"WWW-Authenticate": 'Bearer realm="heed", error="invalid_token"'}
            raise Unauthorized("this key opens nothing", field="Authorization", remedy=_REMEDY, headers=challenge)
        self._used[found.key_id] = now
        return found

    def recent_uses(self) -> Mapping[str, datetime]:
        """Key ids with the hour of their last use, where that is later than what is kept."""
        hours = {key_id: _hour(at) for key_id, at in self._used.items()}
        return {key_id: hour for key_id, hour in hours.items() if self._is_news(key_id, hour)}

    def _is_news(self, key_id: str, hour: datetime) -> bool:
        key = self._keys.get(key_id)
        return key is not None and (key.used_at is None or key.used_at < hour)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def missing_key(remedy: str = _REMEDY) -> Unauthorized:
    """The error for a request without a key."""
    challenge = {"WWW-Authenticate": 'Bearer realm="heed"'}
    return Unauthorized("this needs a key", field="Authorization", remedy=remedy, headers=challenge)
