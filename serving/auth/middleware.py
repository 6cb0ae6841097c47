"""Authentication, authorization and rate limits, before a request reaches its route."""

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
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
from heed.serving.auth.routes import Requirement, RouteMatch, declared_routes, match
from heed.serving.auth.scopes import Scope as AuthScope
from heed.serving.errors import Forbidden, RateLimited, Unauthorized
from heed.serving.http.problems import problem_response
from heed.serving.http.request_limits import check_content_length, check_target, read_headers

Headers = Mapping[bytes, bytes]
HeaderList = list[tuple[bytes, bytes]]


class AuthMiddleware:
    """Admit requests that meet what their route requires; answer everything if the service refused to start.

    Parameters
    ----------
    owner : Starlette
        The application. Its state holds the runtime once it has started, or why it refused to. Routes that are added
        after its first request are not served.
    """

    def __init__(self, app: ASGIApp, owner: Starlette) -> None:
        self.app = app
        self._state = owner.state
        self._routes = declared_routes(owner.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on an admitted request, and answer any other."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._handle(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        runtime, refusal = getattr(self._state, "runtime", None), getattr(self._state, "refusal", None)
        if refusal is not None:
            await problem_response(refusal)(scope, receive, send)
            return
        try:
            route = match(self._routes, scope["method"], scope["path"])
            context, headers = authorize(scope, route, None if runtime is None else runtime.access)
        except (HeedError, HTTPException) as error:
            response = problem_response(error)
            if runtime is not None:
                runtime.metrics.problems.labels(str(response.status_code)).inc()
            await response(scope, receive, send)
            return
        scope[AUTH_CONTEXT] = context
        await self.app(scope, receive, _with_headers(send, headers) if headers else send)


def authorize(scope: Scope, route: RouteMatch, access: AccessControl | None) -> tuple[AuthContext, HeaderList]:
    """Decide about a request; with the headers to add to its response.

    Parameters
    ----------
    access : AccessControl or None
        None before the service has started.

    Raises
    ------
    HTTPException
        404 or 405 if no route serves it.
    HeedError
        If the request is malformed, too large, too frequent, or not permitted.
    """
    headers = read_headers(scope)
    check_target(scope)
    check_content_length(headers)
    required = _requirement(route)
    if access is None:
        return _before_start(required), []
    principal = _principal(scope, headers, required, access)
    limits = _rate_limited(principal, access)
    if not principal.may(required) and not (required.local and remote_refusal(scope, headers) is None):
        raise _missing_scope(principal, required)
    return AuthContext(principal, required), limits


def _requirement(matched: RouteMatch) -> Requirement:
    if matched.route is not None:
        return matched.route.requirement
    if not matched.methods:
        raise HTTPException(404)
    # A 405 lists the methods there are in `Allow` (RFC 9110, 15.5.6).
    raise HTTPException(405, headers={"Allow": ", ".join(sorted(matched.methods))})


def _before_start(required: Requirement) -> AuthContext:
    if required.scope is not None:
        raise Unavailable("the service has not started", remedy="ask again once /readyz answers")
    return AuthContext(ANONYMOUS, required)


def _principal(scope: Scope, headers: Headers, required: Requirement, access: AccessControl) -> Principal:
    """Who makes the request; where no key is needed, an invalid one does no harm."""
    try:
        authorization = headers.get(b"authorization")
        if authorization is not None:
            return principal_of_key(access.key_cache.authenticate(_token(authorization)))
        return _without_key(scope, headers, access)
    except HeedError:
        if required.scope is None or required.local:
            return ANONYMOUS
        raise


def _without_key(scope: Scope, headers: Headers, access: AccessControl) -> Principal:
    if not access.key_cache.empty:
        raise missing_key()
    refusal = remote_refusal(scope, headers)
    if refusal is not None:
        raise refusal
    return LOCAL_PRINCIPAL


def _token(header: bytes) -> str:
    """The token of an ``Authorization`` header; schemes are case-insensitive (RFC 9110, 11.1)."""
    scheme, _, token = header.decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _rate_limited(principal: Principal, access: AccessControl) -> HeaderList:
    if principal.key_id is None:
        return []
    allowance = access.rate_limiter.take(principal.key_id)
    headers = access.rate_limiter.headers(allowance)
    if not allowance.allowed:
        raise _too_many(allowance, headers, access.rate_limiter.rate)
    return headers


def _too_many(allowance: Allowance, headers: HeaderList, rate: float) -> RateLimited:
    return RateLimited(
        f"rate limit exceeded: this key may send this process {rate:g} requests a second",
        remedy=f"retry in {allowance.retry_after} s; nothing was done",
        headers={name.decode(): value.decode() for name, value in headers},
    )


def _missing_scope(principal: Principal, required: Requirement) -> Unauthorized | Forbidden:
    if principal is ANONYMOUS:
        return missing_key()
    if principal is LOCAL_PRINCIPAL and required.scope is AuthScope.CHANGE_KEYS:
        return missing_key("create the first key with `heed keys create` while no service runs")
    challenge = f'Bearer realm="heed", error="insufficient_scope", scope="{required.scope}"'
    return Forbidden(
        f"this key lacks the scope {required.scope}",
        field="Authorization",
        remedy="use a key whose role has it",
        headers={"WWW-Authenticate": challenge},
    )


def _with_headers(send: Send, headers: HeaderList) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            start: dict[str, Any] = dict(message)
            start["headers"] = [*message.get("headers", ()), *headers]
            message = start
        await send(message)

    return send_with_headers
