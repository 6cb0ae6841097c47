"""A bounded HTTP load on one address of this machine: N connections, each sending its next request as soon as it may.

Run as a process of its own, so that the load does not share an interpreter with what it measures:
``python -m benchmarks.load PORT PATH BODIES CONNECTIONS SECONDS`` prints one JSON object.
"""

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import uvloop

_HEAD = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"


class Connection(asyncio.Protocol):
    """One connection that sends requests one after the other and keeps the time of each."""

    def __init__(self, requests: list[bytes], offset: int, until: float) -> None:
        self.requests = requests
        self.place = offset
        self.until = until
        self.seconds: list[float] = []
        self.bad = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self.transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Collect one response, then send the next request until the time is over."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self.seconds.append(perf_counter() - self.began)
        self.bad += not head.startswith(b"HTTP/1.1 200")
        self._received = b""
        if perf_counter() < self.until:
            self._send()
        else:
            self.transport.close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the measurement if the server hung up."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        self.began = perf_counter()
        self.transport.write(self.requests[self.place % len(self.requests)])  # type: ignore[attr-defined]
        self.place += 1


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def press(port: int, requests: list[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Load for so many seconds; requests a second, and the median and 99th percentile of the time in milliseconds."""
    loop = asyncio.get_running_loop()
    began = perf_counter()
    spread = max(1, len(requests) // connections)
    opened = [
        await loop.create_connection(lambda n=n: Connection(requests, n * spread, began + seconds), "127.0.0.1", port)
        for n in range(connections)
    ]
    await asyncio.gather(*(one.done for _, one in opened))
    took = perf_counter() - began
    times = np.concatenate([one.seconds for _, one in opened]) * 1000.0
    p50, p99 = np.percentile(times, [50, 99])
    bad = sum(one.bad for _, one in opened)
    return {"rps": len(times) / took, "p50_ms": float(p50), "p99_ms": float(p99), "requests": len(times), "bad": bad}


def requests_of(path: str, bodies: list[str]) -> list[bytes]:
    """Whole HTTP requests, made before the clock runs."""
    encoded = [body.encode() for body in bodies]
    return [_HEAD.format(path=path, length=len(body)).encode() + body for body in encoded]


def main() -> None:
    """Read the arguments, load, print."""
    port, path, file, connections, seconds = sys.argv[1:]
    bodies = Path(file).read_text(encoding="utf-8").splitlines()
    figures = uvloop.run(press(int(port), requests_of(path, bodies), int(connections), float(seconds)))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
