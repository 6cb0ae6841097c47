"""One attempt to deliver a message to an executor over HTTP, bounded in time and in bytes read.

The result matters for the message's contact slot. If the executor certainly did not take the message, the slot may be
freed later. Otherwise the customer may have been contacted, and the slot counts.
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
"""All addresses that a name resolves to, in the order to try them."""

_CONNECT_SECONDS = 5.0
_MAX_DRAINED_BYTES = 16 * 1024
_DRAIN_SECONDS = 1.0
_AGENT = "heed"


class AttemptOutcome(StrEnum):
    """The outcome of one attempt."""

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
    """The result of an attempt: of the response only its status and retry delay are kept."""

    result: AttemptOutcome
    status: int | None = None
    wait: timedelta | None = None


class HttpTransport:
    """Sends to one target. Each process has one per endpoint and closes it at shutdown.

    Parameters
    ----------
    seconds : float
        Time limit of one attempt as a whole, however slowly the executor answers.
    width : int
        Most connections at once.
    allow_private : bool
        Whether addresses of loopback and private networks may be connected to, and http be used on loopback.
    resolve : callable
        Resolves names, once per attempt; the connection goes to the address that was checked.
    trust : ssl.SSLContext, optional
        Trusted certificates; by default those of certifi.
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
        # Resolving and connecting time out before the attempt does, and then certainly nothing was sent.
        self._reach_seconds = min(seconds / 3, _CONNECT_SECONDS)
        self._allow_private = allow_private
        self._resolve = resolve
        self._client = httpx.AsyncClient(
            verify=True if trust is None else trust,
            # No proxy of the environment: it would connect to addresses that heed has not checked.
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
                addresses = await self._resolve(target.host, target.port)
            return checked_address(target, addresses, allow_private=self._allow_private)
        except (OSError, UnicodeError, AddressRefused):
            return None

    async def _post(self, address: str, body: bytes, headers: dict[str, str], now: datetime) -> AttemptResult:
        target = self._target
        host = f"[{address}]" if ":" in address else address
        url = f"{'https' if target.secure else 'http'}://{host}:{target.port}{target.path}"
        fixed = {"host": target.netloc, "content-type": "application/json", "user-agent": _AGENT}
        # The certificate is verified for the host name, although the URL holds the address.
        extensions = {"sni_hostname": target.host}
        all_headers = {**fixed, "accept-encoding": "identity", **headers}
        async with self._client.stream(
            "POST", url, content=body, headers=all_headers, extensions=extensions
        ) as response:
            result = _attempt_result(response, now)
            await _drain(response)
            return result


def system_resolver(threads: Executor) -> Resolve:
    """The system's resolver on its own threads, so that a hanging name server blocks nothing else."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        addresses = await loop.run_in_executor(threads, _look_up, host, port)
        return tuple(dict.fromkeys(addresses))

    return resolve


def _look_up(host: str, port: int) -> list[str]:
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _attempt_result(response: httpx.Response, now: datetime) -> AttemptResult:
    wait = retry_after(response.headers.get("retry-after"), now)
    return AttemptResult(outcome_of_status(response.status_code), response.status_code, wait)


def outcome_of_status(status: int) -> AttemptOutcome:
    """The outcome that a status code implies.

    A redirect is not followed, and a client error or 503 means that the request was not carried out (RFC 9110, 15.5
    and 15.6.4). After a gateway error, another server error or a timeout the outcome is unknown.
    """
    if 200 <= status < 300:
        return AttemptOutcome.DELIVERED
    if status == httpx.codes.GONE:
        return AttemptOutcome.GONE
    not_taken = 300 <= status < 500 or status == httpx.codes.SERVICE_UNAVAILABLE
    return AttemptOutcome.REFUSED if not_taken and status != httpx.codes.REQUEST_TIMEOUT else AttemptOutcome.UNKNOWN


async def _drain(response: httpx.Response) -> None:
    """Drain a short body so that the connection can be reused; a broken or endless one does not change the result."""
    read = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for part in response.aiter_raw():
                read += len(part)
                if read > _MAX_DRAINED_BYTES:
                    return
    except (TimeoutError, httpx.HTTPError):
        return
