"""One attempt to hand one message to an executor over HTTP, bounded in time and in what is read.

What an attempt came to matters for the message's slot. Where it is certain that the executor did not take the message
the slot may be freed later; where that is not certain the customer may have been contacted, and the slot counts.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

import httpx

from heed.serving.delivery.retry import retry_after
from heed.serving.delivery.webhooks.addresses import AddressRefused, Target, checked_address

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses that a name stands for, in the order in which to try them."""

_CONNECT_SECONDS = 5.0
_MOST_READ = 16 * 1024
_SKIM_SECONDS = 1.0
_AGENT = "heed"


class AttemptOutcome(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    GONE = "gone"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"

    @property
    def certainly_not_taken(self) -> bool:
        """Whether the executor certainly does not have the message."""
        return self in {AttemptOutcome.REFUSED, AttemptOutcome.GONE, AttemptOutcome.UNREACHABLE}


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What an attempt came to: of the response nothing but its status and how long to wait is kept."""

    result: AttemptOutcome
    status: int | None = None
    wait: timedelta | None = None


class HttpTransport:
    """Sends to one target. One per running heed, closed at its end.

    Parameters
    ----------
    seconds : float
        Time limit of one attempt as a whole, however slowly the executor answers.
    width : int
        Most connections at once.
    allow_private : bool
        Whether addresses of loopback and private networks may be connected to, and http be used on loopback.
    resolve : callable
        Finds addresses; asked once for each attempt, and what is connected to is the address that was checked.
    trust : ssl.SSLContext, optional
        Whose certificates count; absent means those that certifi lists.
    """

    def __init__(
        self,
        target: Target,
        *,
        seconds: float,
        width: int,
        allow_private: bool,
        resolve: Resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._target = target
        self._seconds = seconds
        # Finding and connecting are over before the attempt is, so that it is known that nothing was sent.
        self._reach_seconds = min(seconds / 3, _CONNECT_SECONDS)
        self._allow_private = allow_private
        self._resolve = resolve
        self._client = httpx.AsyncClient(
            verify=True if trust is None else trust,
            # No proxy of the environment: it would be asked to connect where heed has not looked.
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(seconds, connect=self._reach_seconds),
            limits=httpx.Limits(max_connections=width, max_keepalive_connections=width),
        )

    async def close(self) -> None:
        """Give back all connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, body: bytes, headers: dict[str, str], now: datetime) -> AttemptResult:
        """Make one attempt; whatever goes wrong is an answer and no error."""
        try:
            async with asyncio.timeout(self._seconds):
                address = await self._address()
                if address is None:
                    return AttemptResult(AttemptOutcome.UNREACHABLE)
                return await self._post(address, body, headers, now)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return AttemptResult(AttemptOutcome.UNREACHABLE)
        except (TimeoutError, httpx.HTTPError):
            return AttemptResult(AttemptOutcome.UNKNOWN)

    async def _address(self) -> str | None:
        """The checked address, None where there is none in time."""
        target = self._target
        try:
            async with asyncio.timeout(self._reach_seconds):
                found = await self._resolve(target.host, target.port)
            return checked_address(target, found, allow_private=self._allow_private)
        except (OSError, UnicodeError, AddressRefused):
            return None

    async def _post(self, address: str, body: bytes, headers: dict[str, str], now: datetime) -> AttemptResult:
        target = self._target
        shown = f"[{address}]" if ":" in address else address
        url = f"{'https' if target.secure else 'http'}://{shown}:{target.port}{target.path}"
        fixed = {"host": target.netloc, "content-type": "application/json", "user-agent": _AGENT}
        # The certificate is asked for and checked by name, whatever address the name stands for.
        named = {"sni_hostname": target.host}
        sent = {**fixed, "accept-encoding": "identity", **headers}
        async with self._client.stream("POST", url, content=body, headers=sent, extensions=named) as response:
            answer = _answered(response, now)
            await _skim(response)
            return answer


def system_resolver(threads: Executor) -> Resolve:
    """The system's resolver, asked on threads of its own, so that a name server that hangs holds nothing else."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(threads, _look_up, host, port)
        return tuple(dict.fromkeys(found))

    return resolve


def _look_up(host: str, port: int) -> list[str]:
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _answered(response: httpx.Response, now: datetime) -> AttemptResult:
    wait = retry_after(response.headers.get("retry-after"), now)
    return AttemptResult(outcome_of_status(response.status_code), response.status_code, wait)


def outcome_of_status(status: int) -> AttemptOutcome:
    """What a status says about whether the executor has the message.

    A redirect is not followed, and a client error or 503 says that the request was not carried out (RFC 9110, 15.5
    and 15.6.4). What a gateway or a broken executor answers, or one that ran out of time, leaves it open.
    """
    if 200 <= status < 300:
        return AttemptOutcome.DELIVERED
    if status == httpx.codes.GONE:
        return AttemptOutcome.GONE
    told = 300 <= status < 500 or status == httpx.codes.SERVICE_UNAVAILABLE
    return AttemptOutcome.REFUSED if told and status != httpx.codes.REQUEST_TIMEOUT else AttemptOutcome.UNKNOWN


async def _skim(response: httpx.Response) -> None:
    """Read a short body away so that the connection can be used again, and nothing of a long one.

    The status has been said; a body that breaks off, hangs or never ends does not change it.
    """
    read = 0
    try:
        async with asyncio.timeout(_SKIM_SECONDS):
            async for part in response.aiter_raw():
                read += len(part)
                if read > _MOST_READ:
                    return
    except (TimeoutError, httpx.HTTPError):
        return
