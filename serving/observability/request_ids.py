"""Request ids: the caller's own or a new one, in every log line and sent back with the response."""

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


REQUEST_CONTEXT: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


class RequestIdMiddleware:
    """Takes id and trace of a request from its headers, where they are valid, and sends the id back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on with its id at hand."""
        if scope["type"] != "http" or REQUEST_CONTEXT.get() is not None:
            await self.app(scope, receive, send)
            return
        context = request_context(Headers(scope=scope))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = context.request_id
            await send(message)

        token = REQUEST_CONTEXT.set(context)
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            REQUEST_CONTEXT.reset(token)


def request_context(headers: Headers) -> RequestContext:
    """Id and trace from the headers; an invalid one counts as not sent."""
    sent, trace = headers.get(HEADER, ""), headers.get("traceparent", "")
    match = _TRACE.fullmatch(trace)
    request_id = sent if _ID.fullmatch(sent) else str(uuid_utils.uuid7())
    return RequestContext(request_id, None, None) if match is None else RequestContext(request_id, match[1], trace)
