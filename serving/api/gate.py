"""The doors before BentoML's own calls: what is no request is refused here, and readiness says what it knows."""

from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heed.decisioning.errors import HeedError
from heed.serving.api.request_body import parse_body, read_json_body
from heed.serving.http.problems import problem_response
from heed.serving.schemas.decision_requests import ScoreRequest

PATH = "/score"
READY = "/readyz"


class ScoreGate:
    """Read the body of ``/score`` before BentoML does.

    BentoML reads a body of any size and of several media types, logs every wrong one with a traceback, and leaves the
    offending value out of its answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything else on untouched, and a right body as it came."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        try:
            content = await read_json_body(Request(scope, receive))
            parse_body(ScoreRequest, content)
        except (HeedError, ValidationError, ClientDisconnect) as error:
            await problem_response(error)(scope, receive, send)
            return
        await self.app(scope, _again(content, receive), send)


class ReadyGate:
    """Let heed itself answer ``GET /readyz``: BentoML's own answer can say yes or no and nothing else.

    Parameters
    ----------
    heed : ASGIApp
        The application that is mounted beside BentoML's calls.
    """

    def __init__(self, app: ASGIApp, heed: ASGIApp) -> None:
        self.app = app
        self.heed = heed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything else on."""
        asked = scope["type"] == "http" and scope["path"] == READY and scope["method"] == "GET"
        await (self.heed if asked else self.app)(scope, receive, send)


def _again(content: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever else the connection has to say."""
    waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def read() -> Message:
        return waiting.pop() if waiting else await receive()

    return read
