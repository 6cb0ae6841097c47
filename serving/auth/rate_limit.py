"""Token buckets: so many requests at once, and so many a second in the long run."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a bucket answered.

    Attributes
    ----------
    allowed : bool
        Whether this request may pass.
    remaining : int
        How many more may pass at once.
    retry_after : int
        Whole seconds until one more may pass, at least 1; 0 where `allowed`.
    """

    allowed: bool
    remaining: int
    retry_after: int = 0


def limiter_share(rate: float, burst: int, shares: int, clock: Callable[[], float] = monotonic) -> "RateLimiter":
    """The buckets of one of so many processes, which together let no more pass than one alone would.

    A count that all processes share would be written by every request, so that one busy key made all of them wait for
    one row. A share needs nothing of the others and never lets too much pass; whoever wants the whole of the limit
    spreads requests over several connections.

    Parameters
    ----------
    burst : int
        Of all processes; at least `shares`.
    """
    return RateLimiter(rate / shares, burst // shares, clock)


class RateLimiter:
    """One bucket for each caller, full at first.

    Parameters
    ----------
    rate : float
        Requests a second at which a bucket fills, greater than 0.
    burst : int
        How many a full bucket holds, at least 1.
    clock : callable
        Seconds that never run backwards.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = monotonic) -> None:
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> Allowance:
        """Take one from the caller's bucket, if it holds one."""
        now = self._clock()
        level, seen = self._levels.get(caller, (float(self.burst), now))
        level = min(self.burst, level + (now - seen) * self.rate)
        if level < 1.0:
            self._levels[caller] = (level, now)
            return Allowance(allowed=False, remaining=0, retry_after=max(1, math.ceil((1.0 - level) / self.rate)))
        self._levels[caller] = (level - 1.0, now)
        return Allowance(allowed=True, remaining=int(level - 1.0))

    def headers(self, left: Allowance) -> list[tuple[bytes, bytes]]:
        """What to tell the caller (draft-ietf-httpapi-ratelimit-headers-10; Retry-After of RFC 9110, 10.2.3)."""
        window = math.ceil(self.burst / self.rate)
        refilled = left.retry_after or math.ceil((self.burst - left.remaining) / self.rate)
        told = [
            (b"ratelimit-policy", f'"key";q={self.burst};w={window}'.encode()),
            (b"ratelimit", f'"key";r={left.remaining};t={refilled}'.encode()),
        ]
        return told if left.allowed else [*told, (b"retry-after", str(left.retry_after).encode())]
