"""What the middleware of one service decides by."""

from dataclasses import dataclass

from heed.serving.auth.key_cache import KeyCache
from heed.serving.auth.rate_limit import RateLimiter


@dataclass(frozen=True, slots=True)
class AccessControl:
    """The known API keys, and the rate limits."""

    key_cache: KeyCache
    rate_limiter: RateLimiter
