"""The OpenAPI document: what the routes declare, with security, bodies and problems added."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from heed.decisioning import __version__
from heed.serving.api.openapi_links import LINKS
from heed.serving.api.request_body import JsonBody
from heed.serving.api.response_models import ProblemAnswer
from heed.serving.auth.routes import Requirement, requirement_of
from heed.serving.auth.scopes import KEYLESS_SCOPES, READ_SCOPES, Scope
from heed.serving.delivery.webhooks.event import ExecuteEvent
from heed.serving.http.problems import MEDIA_TYPE

Json = dict[str, Any]

_SCHEMAS = "#/components/schemas/"
_REF = _SCHEMAS + "{model}"
_DESCRIPTION = """heed decides, for one customer at one moment, whether to act, how to act, or to hold.

Every decision is recorded in the ledger before it is returned. Times are RFC 3339 with an offset; money is in the
catalogue's currency; probabilities lie in [0, 1]. Every error is `application/problem+json`.
"""
_KEY_DESCRIPTION = """An API key. Each operation names the scope it requires in `security`; a role is a set of scopes.

If no key was ever created, requests from localhost need none."""
_PROBLEMS = {
    "400": "Invalid request; the problem names the field, the value and the remedy.",
    "401": "Missing or invalid API key.",
    "403": "The key lacks the scope named in `security`.",
    "404": "Not found.",
    "409": "Not possible in the current state, refused by a guardrail, an id already recorded with other content, "
    "or the first request with the same idempotency key is still being processed.",
    "410": "The customer was erased, with everything recorded about them.",
    "413": "The body is too large.",
    "414": "The path is too long.",
    "415": "Content-Type must be application/json.",
    "422": "The idempotency key was used before with another request.",
    "429": "Rate limit exceeded; `Retry-After` says when to retry.",
    "431": "The headers are too large.",
    "503": "A dependency of heed is down; nothing was executed.",
    "504": "The request timed out; it may or may not have been recorded.",
}
_KEY = {"type": "http", "scheme": "bearer", "bearerFormat": "heed_<key id>_<secret>", "description": _KEY_DESCRIPTION}
# An alternative among security requirements (OpenAPI 3.1, 4.8.30).
_NO_KEY: Json = {}
_VALUES: tuple[tuple[str, Any], ...] = (("ProblemAnswer", ProblemAnswer), ("ExecuteEvent", ExecuteEvent))


@dataclass(frozen=True)
class _Operation:
    """One operation of the document, with what its route declares."""

    entry: Json
    path: str
    requirement: Requirement
    body: type[BaseModel] | None

    @property
    def security(self) -> list[Json]:
        if self.requirement.scope is None:
            return []
        return [{"key": [self.requirement.scope.value]}, *([_NO_KEY] if self.requirement.local else [])]

    @property
    def problems(self) -> Iterator[str]:
        """Status codes of the errors that it can answer."""
        parameters, declared = self.entry.get("parameters", []), self.entry["responses"]
        yield from ("400", "414", "431")
        if self.requirement.scope is not None:
            yield from ("401", "403", "429")
        if "{" in self.path:
            yield "404"
        if self.body is not None and self.requirement.scope not in READ_SCOPES:
            yield "409"
        if "410" in declared:
            yield "410"
        if self.body is not None:
            yield from ("413", "415")
        if any(parameter["in"] == "header" for parameter in parameters):
            yield "422"
        yield from ("503", "504")


def openapi_document(app: FastAPI) -> Json:
    """The whole document, made from the routes of the application."""
    document: Json = get_openapi(title="heed", version=__version__, description=_DESCRIPTION, routes=app.routes)
    operations = list(_operations(app, document["paths"]))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_request_schemas([operation.body for operation in operations if operation.body is not None]))
    schemas.update(_value_schemas())
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["securitySchemes"] = {"key": _KEY}
    document["webhooks"] = {"execute": {"post": _webhook()}}
    for operation in operations:
        _complete(operation)
    for (path, method), links in LINKS.items():
        document["paths"][path][method]["responses"]["200"]["links"] = links
    return document


def _operations(app: FastAPI, paths: Json) -> Iterator[_Operation]:
    for route in iter_route_contexts(app.routes):
        requirement = requirement_of(route.endpoint)
        if route.path_format in paths and requirement is not None:
            documented = paths[route.path_format]
            # HEAD beside a GET is answered and not documented.
            for method in {method.lower() for method in route.methods or ()} & documented.keys():
                yield _Operation(documented[method], route.path_format, requirement, _body_model(route.dependant))


def _body_model(dependant: Dependant) -> type[BaseModel] | None:
    """The model that a route reads its body as, if it reads one."""
    models = (part.call.model for part in dependant.dependencies if isinstance(part.call, JsonBody))
    return next(models, None)


def _complete(operation: _Operation) -> None:
    """Write into the document what FastAPI does not know of a route."""
    entry = operation.entry
    entry["security"] = operation.security
    if operation.body is not None:
        entry["requestBody"] = {"required": True, "content": _json(operation.body.__name__)}
    problems = {status: _problem(status) for status in operation.problems}
    entry["responses"] = {**_successes(entry["responses"]), **problems}


def _request_schemas(models: Sequence[type[BaseModel]]) -> Json:
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    schemas: Json = definitions["$defs"]
    return schemas


def _value_schemas() -> Json:
    mode: Literal["serialization"] = "serialization"
    values = [(name, mode, TypeAdapter(kind)) for name, kind in _VALUES]
    _, definitions = TypeAdapter.json_schemas(values, ref_template=_REF)
    schemas: Json = definitions["$defs"]
    return schemas


def _successes(responses: Json) -> Json:
    return {status: response for status, response in responses.items() if status.startswith("2")}


def without_security(made: Json) -> Json:
    """The document of a service without keys, which requires one only to create keys."""
    paths = {
        path: {method: _opened(operation) for method, operation in operations.items()}
        for path, operations in made["paths"].items()
    }
    return {**made, "paths": paths}


def _opened(operation: Json) -> Json:
    needs = operation["security"]
    free = all(Scope(scope) in KEYLESS_SCOPES for need in needs for scope in need.get("key", ()))
    return {**operation, "security": []} if free else operation


def _problem(status: str) -> Json:
    schema = {"$ref": f"{_SCHEMAS}ProblemAnswer"}
    return {"description": _PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": schema}}}


def _webhook() -> Json:
    """What heed sends to an executor, as Standard Webhooks defines."""
    headers = (
        ("webhook-id", "The id of the message, the same on every attempt: execute each id once."),
        ("webhook-timestamp", "Time of this attempt, in seconds since 1970."),
        ("webhook-signature", "`v1,` and HMAC-SHA256 in base64 of id, timestamp and body, one for each active secret."),
    )
    answers = {
        "2XX": "Accepted. Report the contact with `POST /v1/contacts` once it is made or has failed.",
        "410": "Disabled: nothing more is sent here until somebody enables it again.",
        "4XX": "Not accepted; retried later, respecting `Retry-After`.",
        "5XX": "Unknown; retried later, and the contact slot stays counted.",
    }
    return {
        "tags": ["execution"],
        "summary": "Execute an action",
        "operationId": "execute",
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": description, "schema": {"type": "string"}}
            for name, description in headers
        ],
        "requestBody": {"required": True, "content": _json("ExecuteEvent")},
        "responses": {status: {"description": description} for status, description in answers.items()},
    }


def _json(name: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"{_SCHEMAS}{name}"}}}
