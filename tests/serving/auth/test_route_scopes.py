"""Every route declares what it requires, and what declares nothing is not served."""

import re

import pytest
from fastapi.routing import iter_route_contexts

from heed.serving.app import make_app
from heed.serving.auth.routes import match, requirement_of
from heed.serving.http.paths import CUSTOMER, EXPORT, MERGE
from tests.serving.api.test_api_problems import assert_problem
from tests.support.served_routes import ROUTES


def test_every_route_of_the_application_declares_what_it_requires():
    routes = list(iter_route_contexts(make_app(lambda: None).routes))
    assert len(routes) > 40
    assert [route.path for route in routes if requirement_of(route.endpoint) is None] == []


# BentoML's own dependencies warn while they are imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_page_of_bentoml_declares_that_it_is_public():
    from heed.serving.bento import PAGES, Heed

    served = {route.path: route for route in iter_route_contexts(Heed.to_asgi().routes)}
    assert all(requirement_of(served[path].endpoint).scope is None for path in PAGES)
    assert all(requirement_of(route.endpoint) is not None for route in served.values())


def test_every_operation_of_the_document_is_a_declared_route(heed):
    document = heed.get("/openapi.json")
    named = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    # The document leaves out what kind of parameter a path holds.
    assert named - {(route.method, re.sub(r":\w+", "", route.path)) for route in ROUTES} == set()


@pytest.mark.parametrize(
    ("method", "path", "served"),
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
def test_a_path_is_matched_as_it_is_served(method, path, served):
    route = match(ROUTES, method, path).route
    assert route is not None
    assert route.path == served


@pytest.mark.parametrize("call", ["export", "merge"])
def test_nobody_is_erased_by_a_call_that_is_none(call):
    assert match(ROUTES, "DELETE", f"/v1/customers/a/{call}").route is None


@pytest.mark.parametrize(
    "path", ["/nowhere", "/", "/v1", "/decide/", "//decide", "/v1/keys/a/b/revoke", "/score/x", ""]
)
def test_a_path_without_a_route_is_not_served(path):
    assert match(ROUTES, "GET", path).methods == ()


def test_a_method_that_is_not_served_is_answered_with_those_that_are():
    matched = match(ROUTES, "DELETE", "/v1/keys")
    assert (matched.route, matched.methods) == (None, ("GET", "POST"))


def test_a_route_without_a_declaration_is_refused_however_it_came_to_be(heed):
    @heed.http.app.get("/v1/backdoor")
    async def backdoor() -> str:
        return "in"

    # FastAPI would pick it where the middleware has authorized the caller for another route.
    @heed.http.app.get("/v1/policy/{name}")
    async def shadow(name: str) -> str:
        return name

    heed.http.app.router.routes.insert(0, heed.http.app.router.routes.pop())
    assert_problem(heed.http.get("/v1/backdoor"), 404, "not-found")
    problem = assert_problem(heed.http.get("/v1/policy/liveness"), 403, "forbidden")
    assert problem["value"] == "/v1/policy/{name}"
