"""Rate limits by token buckets: a burst, and a sustained rate per second."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True)
class Allowance:
    """The result of taking a token.

    Attributes
    ----------
    allowed : bool
        Whether this request may proceed.
    remaining : int
        How many more may proceed at once.
    retry_after : int
        Whole seconds until the next may proceed, at least 1; 0 if `allowed`.
    """

    allowed: bool
    remaining: int
    retry_after: int = 0


def limiter_share(rate: float, burst: int, shares: int, clock: Callable[[], float] = monotonic) -> "RateLimiter":
    """The limiter of one of several processes that share one limit equally.

    A shared counter would be written by every request, so one busy key would make all processes wait for one row. An
    equal share needs no coordination and never exceeds the limit. A client that wants the whole limit spreads its
    requests over several connections.

    Parameters
    ----------
    burst : int
        Of all processes together; at least `shares`.
    """
    return RateLimiter(rate / shares, burst // shares, clock)


class RateLimiter:
    """One token bucket per caller, full at first.

    Parameters
    ----------
    rate : float
        Tokens per second added to a bucket, greater than 0.
    burst : int
        Tokens in a full bucket, at least 1.
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = monotonic) -> None:
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> Allowance:
        """Take a token from the caller's bucket, if there is one."""
        now = self._clock()
        level, seen = self._levels.get(caller, (float(self.burst), now))
        level = min(self.burst, level + (now - seen) * self.rate)
        if level < 1.0:
            self._levels[caller] = (level, now)
            return Allowance(allowed=False, remaining=0, retry_after=max(1, math.ceil((1.0 - level) / self.rate)))
        self._levels[caller] = (level - 1.0, now)
        return Allowance(allowed=True, remaining=int(level - 1.0))

    def headers(self, allowance: Allowance) -> list[tuple[bytes, bytes]]:
        """Rate limit headers (draft-ietf-httpapi-ratelimit-headers-10; Retry-After of RFC 9110, 10.2.3)."""
        window = math.ceil(self.burst / self.rate)
        refilled = allowance.retry_after or math.ceil((self.burst - allowance.remaining) / self.rate)
        headers = [
            (b"ratelimit-policy", f'"key";q={self.burst};w={window}'.encode()),
            (b"ratelimit", f'"key";r={allowance.remaining};t={refilled}'.encode()),
        ]
        return headers if allowance.allowed else [*headers, (b"retry-after", str(allowance.retry_after).encode())]
