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
    """Make the application. It creates its runtime when it starts.

    Parameters
    ----------
    start : callable
        Opens the ledger and wires the runtime; a missing model or policy is loaded in the background. If it raises
        `InsecureBind`, every request is answered with that error and nothing else is done.
    request_seconds : float or None
        Time until a response must begin; None means no limit.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            runtime = start()
        except InsecureBind as refusal:
            app.state.refusal = refusal
            yield
            return
        app.state.runtime = runtime
        async with Worker(runtime, service_places(separate=runtime.settings.separate_worker)):
            yield
        runtime.close()

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
    expected = (HeedError, ValidationError, RequestValidationError, HTTPException, TimeoutError, ClientDisconnect)
    for kind in expected:
        app.add_exception_handler(kind, _respond)
    return app


async def _respond(request: Request, error: Exception) -> Response:
    response = problem_response(error)
    if hasattr(request.app.state, "runtime"):
        request.app.state.runtime.metrics.problems.labels(str(response.status_code)).inc()
    return response
