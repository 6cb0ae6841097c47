"""Who asks, and what they may do."""

from dataclasses import dataclass
from typing import NoReturn

from fastapi import Request

from heed.serving.auth.api_key import LOCAL_CALLER, ApiKey
from heed.serving.auth.loopback import remote_refusal
from heed.serving.auth.routes import Anyone, Route
from heed.serving.auth.scopes import KEYLESS_SCOPES, Scope
from heed.serving.errors import Forbidden

AUTH_CONTEXT = "heed.admission"
"""Where in the ASGI scope the gate leaves what it found out."""


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

    def may(self, need: Scope | Anyone) -> bool:
        """Whether a need is met."""
        return need is Anyone.OPEN or need in self.scopes


ANONYMOUS = Principal("nobody", frozenset())
LOCAL_PRINCIPAL = Principal(LOCAL_CALLER, KEYLESS_SCOPES)


@dataclass(frozen=True, slots=True)
class AuthContext:
    """What the gate found out: who asks, and as which route of the table it let the request through."""

    principal: Principal
    route: Route


def principal_of_key(key: ApiKey) -> Principal:
    """The holder of a key."""
    return Principal(key.name, key.scopes, key.key_id)


async def principal(request: Request) -> Principal:
    """Who makes this request, as routes ask for it."""
    return principal_of(request)


def principal_of(request: Request) -> Principal:
    """Who makes this request."""
    found: AuthContext = request.scope[AUTH_CONTEXT]
    return found.principal


def may_see_operations(request: Request) -> bool:
    """Whether how heed is doing may be told in detail: to this machine, and to keys with the scope for it."""
    if principal_of(request).may(Scope.OPERATIONS):
        return True
    return remote_refusal(request.scope, dict(request.scope["headers"])) is None


async def verify_route(request: Request) -> None:
    """Refuse a request that the application gives to another route than the gate took it for.

    Raises
    ------
    Forbidden
        If the table of routes and the application differ: whose need was met is not who would answer.
    """
    admitted = request.scope.get(AUTH_CONTEXT)
    serving = request.scope["route"].path
    if not isinstance(admitted, AuthContext) or admitted.route.path != serving:
        _refuse(serving)


def _refuse(path: str) -> NoReturn:
    raise Forbidden("this route has no entry of its own in the table of routes", field="path", value=path)
