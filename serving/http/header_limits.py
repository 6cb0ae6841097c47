"""Limits on request heads, which uvicorn keeps in memory however many headers come and however slowly."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# `request_limits` answers what is a tenth of this with a problem; here the connection ends, to save memory.
MAX_HEAD_BYTES = 512 * 1024
HEAD_SECONDS = 20.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also closes a connection whose head is too large or takes too long."""

    def connection_made(self, transport: Any) -> None:
        """Start the timer for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of an incomplete head."""
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        """Start the timer for the next head."""
        super().on_message_begin()
        self._deadline.cancel()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Stop the timer: the head is complete."""
        self._in_head = False
        self._deadline.cancel()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._in_head = True
        self._head = 0
        self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)
