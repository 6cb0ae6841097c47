"""The FastAPI application: routes, errors and what runs beside them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from heed.decisioning.errors import HeedError
from heed.serving.api import decisions, delivery, facts, keys, kill_switch, operations, policy, reviews
from heed.serving.api.openapi import openapi_document
from heed.serving.auth.key_refresh import refresh_keys_forever
from heed.serving.auth.middleware import AuthMiddleware
from heed.serving.auth.principal import verify_route
from heed.serving.errors import InsecureBind
from heed.serving.garbage_collection import tune_gc
from heed.serving.http.error_boundary import ErrorBoundary
from heed.serving.http.problems import problem_response
from heed.serving.observability.request_ids import RequestIdMiddleware
from heed.serving.runtime import Runtime

logger = logging.getLogger("heed.serving")

REQUEST_SECONDS = 10.0

_MODULES = (decisions, facts, reviews, delivery, policy, kill_switch, keys, operations)
_RETRY_SECONDS = 2.0
_EXPIRY_SECONDS = 30.0
_KEEP_SECONDS = 30.0


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
        work = (
            _become_ready,
            _expire_reviews,
            _expire_messages,
            _watch_policy,
            _watch_champion,
            _keep_counts,
            _follow_keys,
        )
        beside = [asyncio.create_task(one(running)) for one in work]
        carrying = [asyncio.create_task(webhook_worker.run()) for webhook_worker in running.webhook_workers]
        yield
        await asyncio.gather(*(webhook_worker.stop() for webhook_worker in running.webhook_workers), *carrying)
        for task in beside:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await _keep(running)
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


async def _become_ready(running: Runtime) -> None:
    """Try until model and policy are there; answers are 503 until then."""
    while not await asyncio.to_thread(running.deployment.try_load):
        await asyncio.sleep(_RETRY_SECONDS)
    tune_gc()


async def _watch_policy(running: Runtime) -> None:
    """Look at the policy file's content, in case its status does not show that it changed."""
    while True:
        await asyncio.sleep(running.settings.policy_seconds)
        await asyncio.to_thread(running.deployment.reload)


async def _watch_champion(running: Runtime) -> None:
    """Look for a new champion, and let it take effect once it is loaded."""
    while True:
        await asyncio.sleep(running.settings.champion_seconds)
        if await asyncio.to_thread(running.deployment.renew):
            tune_gc()


async def _keep_counts(running: Runtime) -> None:
    """Keep what rules have said from time to time; what is lost with a crash is at most what was said since."""
    while True:
        await asyncio.sleep(_KEEP_SECONDS)
        await _keep(running)


async def _keep(running: Runtime) -> None:
    counts = running.metrics.liveness.unkept()
    try:
        if counts:
            await running.ledger.keep_rule_stats(counts)
    except HeedError as error:
        logger.warning("what rules have said could not be kept: %s", error)


async def _follow_keys(running: Runtime) -> None:
    await refresh_keys_forever(running.access.keyring, running.ledger)


async def _expire_reviews(running: Runtime) -> None:
    """Let review cases whose time has come end in hold."""
    while True:
        try:
            await running.services.reviews.expire()
        except HeedError as error:
            logger.warning("review cases could not be expired: %s", error)
        await asyncio.sleep(_EXPIRY_SECONDS)


async def _expire_messages(running: Runtime) -> None:
    """Withdraw messages that nobody took in time, and free their slots."""
    while True:
        try:
            await running.services.delivery.expire()
        except HeedError as error:
            logger.warning("messages could not be expired: %s", error)
        await asyncio.sleep(_EXPIRY_SECONDS)
