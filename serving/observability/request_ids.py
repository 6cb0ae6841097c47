"""Which request a line of the log is about: the caller's own id, or one that heed gives, sent back with the answer."""

import re
from contextvars import ContextVar
from dataclasses import dataclass

import uuid_utils
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-request-id"
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# W3C Trace Context: version, trace, parent, flags; of later versions what they add is passed over.
_TRACE = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Where a request comes from.

    Attributes
    ----------
    trace_id : str or None
        32 hexadecimal digits, where the caller sent a ``traceparent``.
    """

    request_id: str
    trace_id: str | None = None
    traceparent: str | None = None


REQUEST_CONTEXT: ContextVar[RequestContext | None] = ContextVar("asked", default=None)


class RequestIdMiddleware:
    """Take a request's id and trace from its headers, as far as they are in order, and send the id back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on with its id at hand."""
        if scope["type"] != "http" or REQUEST_CONTEXT.get() is not None:
            await self.app(scope, receive, send)
            return
        asked = request_context(Headers(scope=scope))

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = asked.request_id
            await send(message)

        token = REQUEST_CONTEXT.set(asked)
        try:
            await self.app(scope, receive, named)
        finally:
            REQUEST_CONTEXT.reset(token)


def request_context(headers: Headers) -> RequestContext:
    """What the headers say; an id or a trace that is not in order is as if it had not been sent."""
    sent, trace = headers.get(HEADER, ""), headers.get("traceparent", "")
    found = _TRACE.fullmatch(trace)
    request_id = sent if _ID.fullmatch(sent) else str(uuid_utils.uuid7())
    return RequestContext(request_id, None, None) if found is None else RequestContext(request_id, found[1], trace)
