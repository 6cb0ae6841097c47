"""The gate before everything: what is no request of the table, comes from nobody, or too often, goes no further."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heed.decisioning.errors import HeedError, Unavailable
from heed.serving.auth.access_control import AccessControl
from heed.serving.auth.key_cache import missing_key
from heed.serving.auth.loopback import remote_refusal
from heed.serving.auth.principal import (
    ANONYMOUS,
    AUTH_CONTEXT,
    LOCAL_PRINCIPAL,
    AuthContext,
    Principal,
    principal_of_key,
)
from heed.serving.auth.rate_limit import Allowance
from heed.serving.auth.routes import Anyone, Route, find
from heed.serving.auth.scopes import Scope as Need
from heed.serving.errors import Forbidden, RateLimited, Unauthorized
from heed.serving.http.problems import problem_response
from heed.serving.http.request_limits import check_content_length, check_target, read_headers

Headers = Mapping[bytes, bytes]


class AuthMiddleware:
    """Let in whom the table of routes lets in, and nobody where the application refused to start.

    Parameters
    ----------
    state : State
        The application's; it holds the runtime once the application has started, or why it refused to.
    """

    def __init__(self, app: ASGIApp, state: State) -> None:
        self.app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an admitted request on once, however many gates it meets, and answer any other."""
        if scope["type"] == "lifespan" or AUTH_CONTEXT in scope:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._judge(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _judge(self, scope: Scope, receive: Receive, send: Send) -> None:
        runtime, refusal = getattr(self._state, "runtime", None), getattr(self._state, "refusal", None)
        if refusal is not None:
            await problem_response(refusal)(scope, receive, send)
            return
        try:
            access = None if runtime is None else runtime.access
            admission, told = authorize(scope, access)
        except (HeedError, HTTPException) as error:
            answer = problem_response(error)
            if runtime is not None:
                runtime.metrics.problems.labels(str(answer.status_code)).inc()
            await answer(scope, receive, send)
            return
        scope[AUTH_CONTEXT] = admission
        await self.app(scope, receive, _telling(send, told) if told else send)


def authorize(scope: Scope, access: AccessControl | None) -> tuple[AuthContext, list[tuple[bytes, bytes]]]:
    """Who makes a request, as which route, and the headers to answer with.

    Raises
    ------
    HTTPException
        404 or 405 where the table has no such route.
    HeedError
        Why the request is not let in.
    """
    headers = read_headers(scope)
    check_target(scope)
    check_content_length(headers)
    route = _route(scope)
    if access is None:
        return _before_start(route), []
    principal = _principal(scope, headers, route, access)
    told = _rationed(principal, access)
    if not principal.may(route.need) and not (route.local and remote_refusal(scope, headers) is None):
        raise _lacking(principal, route)
    return AuthContext(principal, route), told


def _route(scope: Scope) -> Route:
    found = find(scope["method"], scope["path"])
    if found.route is not None:
        return found.route
    if not found.methods:
        raise HTTPException(404)
    # A 405 says in `Allow` which methods there are (RFC 9110, 15.5.6).
    raise HTTPException(405, headers={"Allow": ", ".join(sorted(found.methods))})


def _before_start(route: Route) -> AuthContext:
    if route.need is not Anyone.OPEN:
        raise Unavailable("the service has not started", remedy="ask again once /readyz answers")
    return AuthContext(ANONYMOUS, route)


def _principal(scope: Scope, headers: Headers, route: Route, access: AccessControl) -> Principal:
    """Who asks; a request that needs no key is let in with one that opens nothing as well."""
    free = route.need is Anyone.OPEN or route.local
    sent = headers.get(b"authorization")
    try:
        if sent is not None:
            return principal_of_key(access.keyring.holder(_token(sent)))
        return _without_key(scope, headers, access)
    except HeedError:
        if free:
            return ANONYMOUS
        raise


def _without_key(scope: Scope, headers: Headers, access: AccessControl) -> Principal:
    if not access.keyring.empty:
        raise missing_key()
    refusal = remote_refusal(scope, headers)
    if refusal is not None:
        raise refusal
    return LOCAL_PRINCIPAL


def _token(header: bytes) -> str:
    """The token of an ``Authorization`` header; the name of the scheme is of any case (RFC 9110, 11.1)."""
    scheme, _, token = header.decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _rationed(principal: Principal, access: AccessControl) -> list[tuple[bytes, bytes]]:
    if principal.key_id is None:
        return []
    left = access.buckets.take(principal.key_id)
    told = access.buckets.headers(left)
    if not left.allowed:
        raise _too_many(left, told, access.buckets.rate)
    return told


def _too_many(left: Allowance, told: list[tuple[bytes, bytes]], rate: float) -> RateLimited:
    return RateLimited(
        f"this key may ask this process {rate:g} times a second",
        remedy=f"ask again in {left.retry_after} s; nothing was done",
        headers={name.decode(): value.decode() for name, value in told},
    )


def _lacking(principal: Principal, route: Route) -> Unauthorized | Forbidden:
    if principal is ANONYMOUS:
        return missing_key()
    if principal is LOCAL_PRINCIPAL and route.need is Need.CHANGE_KEYS:
        return missing_key("make the first key by `heed keys create` while no service runs")
    challenge = f'Bearer realm="heed", error="insufficient_scope", scope="{route.need}"'
    return Forbidden(
        f"this key lacks the scope {route.need}",
        field="Authorization",
        remedy="use a key of a role that has it",
        headers={"WWW-Authenticate": challenge},
    )


def _telling(send: Send, told: list[tuple[bytes, bytes]]) -> Send:
    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            start: dict[str, Any] = dict(message)
            start["headers"] = [*message.get("headers", ()), *told]
            message = start
        await send(message)

    return watched
