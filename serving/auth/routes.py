"""What a route asks of its caller, declared on the route's function, and the route that serves a request.

``@requires(Scope.X)`` or ``@public`` stands under the decorator that registers the route. A route without either is not
served: it is answered 404.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Route

from heed.serving.auth.scopes import Scope

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

_ATTRIBUTE = "__heed_requirement__"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a route asks of its caller.

    Attributes
    ----------
    scope : Scope or None
        The scope that the caller needs; None for probes and pages that hold no data.
    local : bool
        Whether a request from this machine needs no key, even where there are keys.
    """

    scope: Scope | None
    local: bool = False


def requires(scope: Scope, *, local: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Declare the scope that a route needs."""
    return lambda endpoint: _declare(endpoint, Requirement(scope, local))


def public(endpoint: Endpoint) -> Endpoint:
    """Declare that a route is open to whoever reaches the port."""
    return _declare(endpoint, Requirement(None))


def _declare(endpoint: Endpoint, requirement: Requirement) -> Endpoint:
    setattr(endpoint, _ATTRIBUTE, requirement)
    return endpoint


def requirement_of(endpoint: object) -> Requirement | None:
    """What was declared for a route's function, None where nothing was."""
    declared: Requirement | None = getattr(endpoint, _ATTRIBUTE, None)
    return declared


@dataclass(frozen=True, slots=True)
class DeclaredRoute:
    """One method of one path, with what it requires.

    Attributes
    ----------
    pattern : re.Pattern
        Matches the paths that the route serves.
    """

    method: str
    path: str
    pattern: re.Pattern[str]
    requirement: Requirement


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The route that serves a request.

    Attributes
    ----------
    route : DeclaredRoute or None
        None where the path is not served, or not by this method.
    methods : tuple of str
        Methods of the first route that matches the path; empty where it is not served.
    """

    route: DeclaredRoute | None
    methods: tuple[str, ...] = ()


def declared_routes(routes: Sequence[BaseRoute]) -> tuple[DeclaredRoute, ...]:
    """All routes of an application that declare what they require, in the order in which they are tried."""
    return tuple(_declared(routes))


def _declared(routes: Sequence[BaseRoute]) -> Iterator[DeclaredRoute]:
    for context in iter_route_contexts(routes):
        requirement = requirement_of(context.endpoint)
        # Starlette adds HEAD to its own GET routes; `match` takes it for GET everywhere.
        methods = sorted((context.methods or set()) - {"HEAD"})
        if requirement is not None and isinstance(context.original_route, Route):
            yield from (DeclaredRoute(name, context.path or "", context.path_regex, requirement) for name in methods)


def match(routes: Sequence[DeclaredRoute], method: str, path: str) -> RouteMatch:
    """The route that serves a request; HEAD is a GET without a body."""
    wanted = "GET" if method == "HEAD" else method
    serving = [route for route in routes if route.pattern.match(path)]
    chosen = next((route for route in serving if route.method == wanted), None)
    return RouteMatch(chosen, tuple(route.method for route in serving if route.path == serving[0].path))
