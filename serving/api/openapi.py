"""The OpenAPI document: what the routes declare, corrected to what is really answered."""

import re
from collections.abc import Iterator
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from heed.decisioning import __version__
from heed.serving.api.openapi_links import LINKS
from heed.serving.api.response_models import ProblemAnswer
from heed.serving.auth.routes import ROUTES, Anyone, Route
from heed.serving.auth.scopes import KEYLESS_SCOPES, Scope
from heed.serving.delivery.webhooks.event import ExecuteEvent
from heed.serving.http.problems import MEDIA_TYPE
from heed.serving.operations.health import Readiness
from heed.serving.schemas.customer_requests import CustomersIn, MergeRequest
from heed.serving.schemas.decision_requests import DecideBatchRequest, DecideRequest, ScoreRequest
from heed.serving.schemas.delivery_requests import AcknowledgeRequest, FailRequest, TakeRequest
from heed.serving.schemas.fact_requests import ConsentsIn, ContactsIn, ObjectionsIn, OutcomesIn, SignalsIn
from heed.serving.schemas.key_requests import KeyRequest
from heed.serving.schemas.kill_switch_requests import ResumeRequest, StopRequest
from heed.serving.schemas.policy_requests import PolicyDiffRequest, PolicyText
from heed.serving.schemas.responses import ScoreAnswer
from heed.serving.schemas.review_requests import ClaimRequest, OverrideRequest, SettleRequest

Json = dict[str, Any]

_BODIES: tuple[type[BaseModel], ...] = (
    AcknowledgeRequest,
    ClaimRequest,
    ConsentsIn,
    ContactsIn,
    CustomersIn,
    DecideBatchRequest,
    DecideRequest,
    FailRequest,
    KeyRequest,
    MergeRequest,
    ObjectionsIn,
    OutcomesIn,
    OverrideRequest,
    PolicyDiffRequest,
    PolicyText,
    ResumeRequest,
    ScoreRequest,
    SettleRequest,
    SignalsIn,
    StopRequest,
    TakeRequest,
)
_SCHEMAS = "#/components/schemas/"
_REF = _SCHEMAS + "{model}"
_DESCRIPTION = """heed decides, for one customer at one moment, whether to act, how to act, or to hold.

Every decision is in the ledger before it is answered. Times are RFC 3339 with an offset; money is in the catalogue's
currency; probabilities lie in [0, 1]. Every error is `application/problem+json`.
"""
_KEY_SAID = """An API key. Each operation says in `security` which scope it needs; roles are made of scopes.

Where no key was ever made, requests of the machine itself need none."""
_PROBLEMS = {
    "400": "The request is wrong; the problem names the field, the value and the remedy.",
    "401": "There is no key in the request, or one that opens nothing.",
    "403": "The key lacks the scope that `security` names.",
    "404": "There is no such thing.",
    "409": "Not in the present state of the thing, refused by a guardrail, an id that came before with other content, "
    "or the first request under the same idempotency key is still being answered.",
    "410": "The customer was erased, and what was said of them with it.",
    "413": "The body is too large.",
    "414": "The path is too long.",
    "415": "The body is not announced as JSON.",
    "422": "The idempotency key came before with another request.",
    "429": "The key asks too often; `Retry-After` says when to ask again.",
    "431": "The headers are too large.",
    "503": "A part that heed depends on is down; nothing was executed.",
    "504": "It took too long; it may or may not have been recorded.",
}
_KEY = {"type": "http", "scheme": "bearer", "bearerFormat": "heed_<key id>_<secret>", "description": _KEY_SAID}
# An alternative among security requirements (OpenAPI 3.1, 4.8.30).
_NO_KEY: Json = {}
_OF_THE_ERASED = frozenset(
    {"/decide", "/v1/decisions/{decision_id}", *(f"/v1/reviews/{{review_id}}/{one}" for one in ("approve", "override"))}
)
_CHANGES_NOTHING = frozenset({"/score", "/v1/policy/check", "/v1/policy/diff"})
_VALUES: tuple[tuple[str, Any], ...] = (
    ("ProblemAnswer", ProblemAnswer),
    ("ExecuteEvent", ExecuteEvent),
    ("Readiness", Readiness),
    ("ScoreAnswer", ScoreAnswer),
)


def openapi_document(app: FastAPI) -> Json:
    """The whole document, made once and then kept by the application."""
    made: Json = get_openapi(title="heed", version=__version__, description=_DESCRIPTION, routes=app.routes)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_of_bodies())
    schemas.update(_of_values())
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    made["paths"].update(_served_by_bentoml())
    made["components"]["securitySchemes"] = {"key": _KEY}
    made["webhooks"] = {"execute": {"post": _webhook()}}
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            needs = _needs(method, path)
            operation["security"] = needs
            problems = {status: _problem(status) for status in _statuses(path, operation, guarded=bool(needs))}
            operation["responses"] = {**_successes(operation["responses"]), **problems}
    for (path, method), links in LINKS.items():
        made["paths"][path][method]["responses"]["200"]["links"] = links
    return made


def _of_bodies() -> Json:
    _, definitions = models_json_schema([(one, "validation") for one in _BODIES], ref_template=_REF)
    found: Json = definitions["$defs"]
    return found


def _of_values() -> Json:
    mode: Literal["serialization"] = "serialization"
    values = [(name, mode, TypeAdapter(kind)) for name, kind in _VALUES]
    _, definitions = TypeAdapter.json_schemas(values, ref_template=_REF)
    found: Json = definitions["$defs"]
    return found


def _successes(responses: Json) -> Json:
    return {status: one for status, one in responses.items() if status.startswith("2")}


def _needs(method: str, path: str) -> list[Json]:
    """The security requirement of an operation: the scope of its route, or none.

    Raises
    ------
    StopIteration
        If the table of routes has no line for it.
    """
    route = next(one for one in ROUTES if (one.method, _declared(one)) == (method.upper(), path))
    if route.need is Anyone.OPEN:
        return []
    return [{"key": [route.need.value]}, *([_NO_KEY] if route.local else [])]


def without_security(made: Json) -> Json:
    """The document of a service without keys, which asks for none unless keys are to be made."""
    paths = {
        path: {method: _opened(operation) for method, operation in operations.items()}
        for path, operations in made["paths"].items()
    }
    return {**made, "paths": paths}


def _opened(operation: Json) -> Json:
    needs = operation["security"]
    free = all(Scope(scope) in KEYLESS_SCOPES for need in needs for scope in need.get("key", ()))
    return {**operation, "security": []} if free else operation


def _declared(route: Route) -> str:
    """The path as OpenAPI writes it, which leaves out what kind of parameter it holds."""
    return re.sub(r":\w+\}", "}", route.path)


def _statuses(path: str, operation: Json, *, guarded: bool) -> Iterator[str]:
    """The errors that an operation can answer."""
    parameters, body = operation.get("parameters", []), "requestBody" in operation
    yield from ("400", "414", "431")
    if guarded:
        yield from ("401", "403", "429")
    if "{" in path:
        yield "404"
    if body and path not in _CHANGES_NOTHING:
        yield "409"
    if path in _OF_THE_ERASED:
        yield "410"
    if body:
        yield from ("413", "415")
    if any(one["in"] == "header" for one in parameters):
        yield "422"
    yield from ("503", "504")


def _problem(status: str) -> Json:
    schema = {"$ref": f"{_SCHEMAS}ProblemAnswer"}
    return {"description": _PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": schema}}}


def _served_by_bentoml() -> Json:
    """What BentoML serves itself; its own document cannot say what it refuses."""
    return {
        "/score": {
            "post": {
                "tags": ["decisions"],
                "summary": "Score candidates: no verdicts, no record, no side effects",
                "operationId": "score",
                "requestBody": {"required": True, "content": _json("ScoreRequest")},
                "responses": {"200": {"description": "Successful Response", "content": _json("ScoreAnswer")}},
            }
        },
        "/livez": {"get": _probe("livez", "Whether the process runs", {"text/plain": {"schema": {"type": "string"}}})},
        "/readyz": {"get": _probe("readyz", "Whether decisions can be made, part by part", _json("Readiness"))},
    }


def _webhook() -> Json:
    """What heed sends to an executor, by Standard Webhooks."""
    headers = (
        ("webhook-id", "The message's id, the same however often it is tried: execute each id once."),
        ("webhook-timestamp", "When this attempt was made, in seconds since 1970."),
        ("webhook-signature", "`v1,` and HMAC-SHA256 in base64 of id, timestamp and body, by each secret in force."),
    )
    answers = {
        "2XX": "Taken. Report the contact by `POST /v1/contacts` once it is made or has failed.",
        "410": "Nothing is to be sent here any more, until somebody enables it again.",
        "4XX": "Not taken; tried again later, `Retry-After` respected.",
        "5XX": "Nobody knows; tried again later, and the contact slot counts.",
    }
    return {
        "tags": ["execution"],
        "summary": "Execute an action",
        "operationId": "execute",
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": said, "schema": {"type": "string"}}
            for name, said in headers
        ],
        "requestBody": {"required": True, "content": _json("ExecuteEvent")},
        "responses": {status: {"description": said} for status, said in answers.items()},
    }


def _json(name: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"{_SCHEMAS}{name}"}}}


def _probe(name: str, summary: str, content: Json) -> Json:
    answer = {"description": "Yes.", "content": content}
    return {"tags": ["operations"], "summary": summary, "operationId": name, "responses": {"200": answer}}
