"""HTTP receivers on loopback that misbehave as the test says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Behave = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ReceivedRequest:
    """A received request."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A receiver and the requests that it got."""

    port: int
    seen: list[ReceivedRequest] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/take?token=planted"


def respond(status: int, *headers: str, body: bytes = b"") -> Behave:
    """Answer with this status."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return behave


async def hang(_: asyncio.StreamWriter) -> None:
    """Accept the request and never answer."""
    await asyncio.Event().wait()


async def drop(writer: asyncio.StreamWriter) -> None:
    """Accept the request and close the connection."""
    writer.close()


async def flood(writer: asyncio.StreamWriter) -> None:
    """Answer 200 with an endless body."""
    writer.write(b"HTTP/1.1 200 Said\r\nTransfer-Encoding: chunked\r\n\r\n")
    with suppress(ConnectionError):
        while True:
            writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            await writer.drain()


async def dribble(writer: asyncio.StreamWriter) -> None:
    """Send endless headers, one byte at a time."""
    writer.write(b"HTTP/1.1 200 Said\r\nX: ")
    with suppress(ConnectionError):
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def webhook_receiver(*behaviours: Behave, trust: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Listen on a free port; the last behaviour repeats."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while True:
                    listening.seen.append(await _request(reader))
                    await behaviours[min(len(listening.seen), len(behaviours)) - 1](writer)
        finally:
            writer.transport.abort()
            serving.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=trust)
    listening = Receiver(server.sockets[0].getsockname()[1])
    try:
        yield listening
    finally:
        server.close()
        left = list(serving)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        # What was aborted is closed in the next turn of the loop.
        await asyncio.sleep(0)


async def _request(reader: asyncio.StreamReader) -> ReceivedRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in rest)}
    return ReceivedRequest(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def resolver_of(*addresses: str) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that returns each list in turn and repeats the last."""
    left = list(addresses)

    async def resolve(_: str, __: int) -> Sequence[str]:
        return (left.pop(0) if len(left) > 1 else left[0]).split()

    return resolve
