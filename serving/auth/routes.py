"""The one table of routes and what each needs. A path that is not in it is answered 404, whatever is served there.

To open a new route, add one line; `tests/serving/auth/test_route_scopes.py` names every operation that has none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from starlette.routing import compile_path

from heed.serving.auth.scopes import Scope
from heed.serving.http.paths import CUSTOMER, EXPORT, MERGE


class Anyone(StrEnum):
    """Needs that are no scope."""

    OPEN = "open"
    """Whoever reaches the port: probes, and pages that hold no data."""


@dataclass(frozen=True)
class Route:
    """What one route needs.

    Attributes
    ----------
    path : str
        As the route is declared, with its parameters.
    need : Scope or Anyone
        The scope, or that none is needed.
    local : bool
        Whether a request of this machine is let in without a key, even where there are keys.
    """

    method: str
    path: str
    need: Scope | Anyone
    local: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths that this route serves."""
        return compile_path(self.path)[0]


# The first that matches counts, as in the application: the narrower before the wider.
ROUTES: tuple[Route, ...] = (
    Route("POST", "/decide", Scope.DECIDE),
    Route("POST", "/decide_batch", Scope.DECIDE),
    Route("POST", "/score", Scope.SCORE),
    Route("GET", "/v1/decisions/{decision_id}", Scope.DECISIONS),
    Route("GET", "/v1/decisions", Scope.DECISIONS),
    Route("POST", "/v1/customers", Scope.FACTS),
    Route("POST", "/v1/consents", Scope.FACTS),
    Route("POST", "/v1/signals", Scope.FACTS),
    Route("POST", "/v1/contacts", Scope.FACTS),
    Route("POST", "/v1/objections", Scope.FACTS),
    Route("POST", "/v1/outcomes", Scope.FACTS),
    Route("POST", MERGE, Scope.FACTS),
    Route("GET", EXPORT, Scope.EXPORT),
    Route("GET", CUSTOMER, Scope.CUSTOMERS),
    Route("DELETE", CUSTOMER, Scope.ERASE),
    Route("GET", "/v1/outbox", Scope.OUTBOX),
    Route("POST", "/v1/outbox", Scope.OUTBOX),
    Route("GET", "/v1/outbox/{outbox_id}", Scope.OUTBOX),
    Route("POST", "/v1/outbox/{outbox_id}/delivered", Scope.OUTBOX),
    Route("POST", "/v1/outbox/{outbox_id}/acknowledge", Scope.OUTBOX),
    Route("POST", "/v1/outbox/{outbox_id}/fail", Scope.OUTBOX),
    Route("GET", "/v1/webhook", Scope.OPERATIONS),
    Route("POST", "/v1/webhook/enable", Scope.STOP),
    Route("GET", "/v1/reviews", Scope.REVIEWS),
    Route("GET", "/v1/reviews/{review_id}", Scope.REVIEWS),
    Route("POST", "/v1/reviews/{review_id}/claim", Scope.SETTLE),
    Route("POST", "/v1/reviews/{review_id}/release", Scope.SETTLE),
    Route("POST", "/v1/reviews/{review_id}/approve", Scope.SETTLE),
    Route("POST", "/v1/reviews/{review_id}/override", Scope.SETTLE),
    Route("POST", "/v1/reviews/{review_id}/reject", Scope.SETTLE),
    Route("GET", "/v1/policy", Scope.POLICY),
    Route("GET", "/v1/policy/liveness", Scope.POLICY),
    Route("POST", "/v1/policy/check", Scope.POLICY),
    Route("POST", "/v1/policy/diff", Scope.POLICY),
    Route("POST", "/v1/policy/reload", Scope.CHANGE_POLICY),
    Route("GET", "/v1/stop", Scope.STOPS),
    Route("POST", "/v1/stop", Scope.STOP),
    Route("POST", "/v1/resume", Scope.STOP),
    Route("GET", "/v1/keys", Scope.KEYS),
    Route("POST", "/v1/keys", Scope.CHANGE_KEYS),
    Route("POST", "/v1/keys/{key_id}/revoke", Scope.CHANGE_KEYS),
    Route("GET", "/metrics", Scope.OPERATIONS, local=True),
    Route("GET", "/livez", Anyone.OPEN),
    Route("GET", "/readyz", Anyone.OPEN),
    Route("GET", "/docs", Anyone.OPEN),
    Route("GET", "/openapi.json", Anyone.OPEN),
    # BentoML's document of `/score`, and the files of Swagger UI. Its own page at `/` reports visits to others: closed.
    Route("GET", "/docs.json", Anyone.OPEN),
    Route("GET", "/schema.json", Anyone.OPEN),
    Route("GET", "/static_content/{file:path}", Anyone.OPEN),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What the table says of a request.

    Attributes
    ----------
    route : Route or None
        None where the path is not served, or not by this method.
    methods : tuple of str
        Methods of the narrowest route at this path; empty where it is not served.
    """

    route: Route | None
    methods: tuple[str, ...] = ()


def find(method: str, path: str) -> Found:
    """The route that serves a request; HEAD is a GET without a body."""
    asked = "GET" if method == "HEAD" else method
    serving = list(_serving(path))
    route = next((one for one in serving if one.method == asked), None)
    return Found(route, tuple(one.method for one in serving if one.path == serving[0].path))


def _serving(path: str) -> Iterator[Route]:
    return (one for one in ROUTES if one.pattern.match(path))
