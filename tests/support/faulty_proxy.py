"""A TCP proxy in front of PostgreSQL that can be slow, refuse, cut or silently drop."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_BYTES = 65_536


@dataclass
class FaultyProxy:
    """A loopback TCP port that forwards to a Unix socket.

    Attributes
    ----------
    delay : float
        Seconds that everything takes in either direction.
    dead : bool
        Whether bytes vanish while connections stay open, as behind a firewall that forgot them.
    shut : bool
        Whether new connections are refused at once.
    """

    socket: str
    port: int = 0
    delay: float = 0.0
    dead: bool = False
    shut: bool = False
    carried: int = 0
    _open: "set[asyncio.StreamWriter]" = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def cut(self) -> None:
        """Abort every connection now."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    async def _cut(self) -> None:
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.shut:
            writer.transport.abort()
            return
        behind, before = await asyncio.open_unix_connection(self.socket)
        self._open |= {writer, before}
        try:
            await asyncio.gather(self._carry(reader, before), self._carry(behind, writer))
        finally:
            self._open -= {writer, before}
            for one in (writer, before):
                one.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(_BYTES):
                await asyncio.sleep(self.delay)
                if not self.dead:
                    self.carried += len(data)
                    target.write(data)
                    await target.drain()
            target.close()

    def run(self, ready: threading.Event, over: asyncio.Event) -> None:
        """Forward until stopped."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(ready, over))
        self._loop.close()

    async def _serve(self, ready: threading.Event, over: asyncio.Event) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        server.close()
        await self._cut()
        await asyncio.wait_for(asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}), 10)


@contextmanager
def proxy_to(socket: str) -> Iterator[FaultyProxy]:
    """A proxy to a Unix socket, stopped at the end of the block."""
    line, ready, over = FaultyProxy(socket), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=line.run, args=(ready, over), name="faulty-line")
    thread.start()
    assert ready.wait(10)
    try:
        yield line
    finally:
        line._loop.call_soon_threadsafe(over.set)
        thread.join(10)
