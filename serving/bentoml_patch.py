"""BentoML trimmed for a service whose answers take about a millisecond."""

import asyncio
import gc

import bentoml._internal.server.http.traffic as traffic
import uvicorn.protocols.http.auto as protocol
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heed.serving.http.header_limits import BoundedProtocol
from heed.serving.http.problems import MEDIA_TYPE, problem_from_error


class TimeoutMiddleware:
    """Bound the time of a request with `asyncio.timeout`.

    BentoML 1.4's own middleware of this name never cancels its timer, so every request is retained until the timeout
    has passed, which shows as pauses of garbage collection and growing memory. This one keeps nothing.
    """

    def __init__(self, app: ASGIApp, timeout: float) -> None:
        self.app = app
        self.timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on and answer 504 if it takes too long to begin its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = False

        async def watched(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            async with asyncio.timeout(self.timeout):
                await self.app(scope, receive, watched)
        except TimeoutError as error:
            if began:
                raise
            content = problem_from_error(error).encoded()
            headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(content)).encode())]
            await send({"type": "http.response.start", "status": 504, "headers": headers})
            await send({"type": "http.response.body", "body": content})


def patch_bentoml() -> None:
    """Put heed's timeout and protocol in the place of BentoML's, before BentoML builds its application."""
    protocol.AutoHTTPProtocol = BoundedProtocol
    traffic.TimeoutMiddleware = TimeoutMiddleware  # type: ignore[assignment,misc]


def tune_gc() -> None:
    """Take what start-up made out of the garbage collector's sight, and let it look less often.

    A decision makes some thousand small objects and frees them all by counting references; looking for cycles among
    them every 700 objects, as Python does by default, costs a quarter of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
