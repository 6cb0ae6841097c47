"""Who makes a request, and what they may do."""

from dataclasses import dataclass, field
from time import perf_counter

from fastapi import Request

from heed.serving.auth.api_key import LOCAL_CALLER, ApiKey
from heed.serving.auth.loopback import remote_refusal
from heed.serving.auth.routes import Requirement, requirement_of
from heed.serving.auth.scopes import KEYLESS_SCOPES, Scope
from heed.serving.errors import Forbidden

AUTH_CONTEXT = "heed.auth"
"""Key under which the middleware leaves its result in the ASGI scope."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes
    ----------
    name : str
        The key's name: under it idempotency keys are kept and review cases are claimed.
    key_id : str or None
        None where no key was needed.
    """

    name: str
    scopes: frozenset[Scope]
    key_id: str | None = None

    def may(self, requirement: Requirement) -> bool:
        """Whether this principal has the scope that a route requires."""
        return requirement.scope is None or requirement.scope in self.scopes


ANONYMOUS = Principal("nobody", frozenset())
LOCAL_PRINCIPAL = Principal(LOCAL_CALLER, KEYLESS_SCOPES)


@dataclass(frozen=True, slots=True)
class AuthContext:
    """What the middleware decided about a request.

    Attributes
    ----------
    requirement : Requirement
        What was required of the caller, and met.
    admitted_at : float
        When that was, by `time.perf_counter`.
    """

    principal: Principal
    requirement: Requirement
    admitted_at: float = field(default_factory=perf_counter)


def principal_of_key(key: ApiKey) -> Principal:
    """The holder of a key."""
    return Principal(key.name, key.scopes, key.key_id)


def auth_context(request: Request) -> AuthContext:
    """What the middleware decided about this request."""
    context: AuthContext = request.scope[AUTH_CONTEXT]
    return context


def principal_of(request: Request) -> Principal:
    """Who makes this request."""
    return auth_context(request).principal


async def principal(request: Request) -> Principal:
    """Who makes this request, as a dependency of routes."""
    return principal_of(request)


def may_see_operations(request: Request) -> bool:
    """Whether health may be shown in detail: to this machine, and to keys with the scope for it."""
    if Scope.OPERATIONS in principal_of(request).scopes:
        return True
    return remote_refusal(request.scope, dict(request.scope["headers"])) is None


async def verify_route(request: Request) -> None:
    """Refuse a request if FastAPI picked another route than the one that the middleware authorized.

    Raises
    ------
    Forbidden
        If the function that would answer requires something else, or declares nothing.
    """
    authorized = request.scope.get(AUTH_CONTEXT)
    required = requirement_of(request.scope["endpoint"])
    if not isinstance(authorized, AuthContext) or authorized.requirement != required:
        path = request.scope["route"].path
        raise Forbidden("the caller was authorized for another route", field="path", value=path)
