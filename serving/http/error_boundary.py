"""The outermost handler: every error becomes one response, and no request runs for ever."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heed.serving.http.problems import problem_response


class ErrorBoundary:
    """Bound the time of a request, and answer errors that no exception handler knows.

    An error after the response has begun is raised on, so that the server closes the connection.

    Parameters
    ----------
    seconds : float or None
        Time until a response must begin; None means no limit.
    """

    def __init__(self, app: ASGIApp, seconds: float | None) -> None:
        self.app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; answer 504 if it takes too long, and 500 if it fails."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = False

        async def watched(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds):
                await self.app(scope, receive, watched)
        except Exception as error:
            if began:
                raise
            response = problem_response(error)
            runtime = getattr(scope["app"].state, "runtime", None)
            if runtime is not None:
                runtime.metrics.problems.labels(str(response.status_code)).inc()
            await response(scope, receive, send)
