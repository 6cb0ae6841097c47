"""The table of routes names every route there is, and what it does not name is not served."""

import re

import pytest
from starlette.routing import Route as Served

from heed.serving.app import make_app
from heed.serving.auth.routes import ROUTES, find
from heed.serving.http.paths import CUSTOMER, EXPORT, MERGE
from tests.serving.api.test_api_problems import assert_problem

TABLE = {(route.method, route.path) for route in ROUTES}
# BentoML declares what it serves when it starts; test_service.py asks for it.
BENTOML = {("GET", "/livez"), ("POST", "/score"), ("GET", "/docs.json"), ("GET", "/schema.json")}


def served() -> set[tuple[str, str]]:
    """What the application serves; FastAPI keeps the routes of each router it took in together."""
    parts = [getattr(one, "original_router", one) for one in make_app(lambda: None).routes]
    routes = [route for part in parts for route in getattr(part, "routes", [part]) if isinstance(route, Served)]
    return {(method, route.path) for route in routes for method in route.methods}


def test_every_route_of_the_application_has_its_line():
    assert served() - TABLE == set()


def test_every_operation_of_the_document_has_its_line(heed):
    document = heed.get("/openapi.json")
    named = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    # The document leaves out what kind of parameter a path holds.
    assert named - {(method, re.sub(r":\w+", "", path)) for method, path in TABLE} == set()


def test_every_line_is_served():
    assert TABLE - served() - BENTOML == {("GET", "/static_content/{file:path}")}


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/v1/customers/a/b", CUSTOMER),
        ("HEAD", "/livez", "/livez"),
        ("POST", "/v1/customers/a/b/merge", MERGE),
        ("GET", "/v1/reviews/x", "/v1/reviews/{review_id}"),
        ("GET", "/v1/customers/a/export", EXPORT),
        ("DELETE", "/v1/customers/a/exported", CUSTOMER),
    ],
    ids=["an id with a slash", "HEAD is GET", "a merge", "a case", "an export", "an id that begins like a call"],
)
def test_a_path_is_found_as_it_is_served(method, path, found):
    route = find(method, path).route
    assert route is not None
    assert route.path == found


@pytest.mark.parametrize("call", ["export", "merge"])
def test_nobody_is_erased_by_a_call_that_is_none(call):
    assert find("DELETE", f"/v1/customers/a/{call}").route is None


@pytest.mark.parametrize(
    "path", ["/nowhere", "/", "/v1", "/decide/", "//decide", "/v1/keys/a/b/revoke", "/score/x", ""]
)
def test_what_is_not_in_the_table_is_not_served(path):
    assert find("GET", path).methods == ()


def test_a_method_that_is_not_in_the_table_is_told_which_are():
    found = find("DELETE", "/v1/keys")
    assert (found.route, found.methods) == (None, ("GET", "POST"))


def test_a_route_without_a_line_is_refused_however_it_came_to_be(heed):
    @heed.http.app.get("/v1/backdoor")
    async def backdoor() -> str:
        return "in"

    # It would be served as this line of the table, which asks for another scope.
    @heed.http.app.get("/v1/policy/{name}")
    async def shadow(name: str) -> str:
        return name

    heed.http.app.router.routes.insert(0, heed.http.app.router.routes.pop())
    assert_problem(heed.http.get("/v1/backdoor"), 404, "not-found")
    problem = assert_problem(heed.http.get("/v1/policy/liveness"), 403, "forbidden")
    assert problem["value"] == "/v1/policy/{name}"
