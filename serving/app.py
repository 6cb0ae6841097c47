"""The FastAPI application: routes, errors, and the worker that runs beside them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from heed.decisioning.errors import HeedError
from heed.serving.api import decisions, delivery, facts, keys, kill_switch, operations, policy, reviews
from heed.serving.api.openapi import openapi_document
from heed.serving.auth.middleware import AuthMiddleware
from heed.serving.auth.principal import verify_route
from heed.serving.errors import InsecureBind
from heed.serving.http.error_boundary import ErrorBoundary
from heed.serving.http.problems import problem_response
from heed.serving.observability.request_ids import RequestIdMiddleware
from heed.serving.runtime import Runtime
from heed.serving.worker import Worker, service_places

REQUEST_SECONDS = 10.0

_MODULES = (decisions, facts, reviews, delivery, policy, kill_switch, keys, operations)


class Application(FastAPI):
    """FastAPI with heed's own OpenAPI document."""

    def openapi(self) -> dict[str, object]:
        """The document, made on first use."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi_document(self)
        return self.openapi_schema


def make_app(start: Callable[[], Runtime], *, request_seconds: float | None = REQUEST_SECONDS) -> Application:
    """The application; `start` puts the runtime together when the application starts.

    Parameters
    ----------
    start : callable
        Opens the ledger and wires the parts. What cannot be loaded yet is loaded in the background. Where it raises
        `InsecureBind` every request is answered with that, and nothing else is done.
    request_seconds : float or None
        Time until a response must begin; None means no limit.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            running = start()
        except InsecureBind as refusal:
            app.state.refusal = refusal
            yield
            return
        app.state.runtime = running
        async with Worker(running, service_places(separate=running.settings.separate_worker)):
            yield
        running.close()

    app = Application(
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        dependencies=[Depends(verify_route)],
    )
    # The last one added is the first that a request meets.
    app.add_middleware(AuthMiddleware, owner=app)
    app.add_middleware(ErrorBoundary, seconds=request_seconds)
    app.add_middleware(RequestIdMiddleware)
    for module in _MODULES:
        app.include_router(module.router)
    foreseen = (HeedError, ValidationError, RequestValidationError, HTTPException, TimeoutError, ClientDisconnect)
    for kind in foreseen:
        app.add_exception_handler(kind, _answered)
    return app


async def _answered(request: Request, error: Exception) -> Response:
    answer = problem_response(error)
    if hasattr(request.app.state, "runtime"):
        request.app.state.runtime.metrics.problems.labels(str(answer.status_code)).inc()
    return answer
