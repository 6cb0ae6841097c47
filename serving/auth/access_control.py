"""What the gate of one running heed decides by."""

from dataclasses import dataclass

from heed.serving.auth.key_cache import KeyCache
from heed.serving.auth.rate_limit import RateLimiter


@dataclass(frozen=True, slots=True)
class AccessControl:
    """Keys and limits."""

    keyring: KeyCache
    buckets: RateLimiter
