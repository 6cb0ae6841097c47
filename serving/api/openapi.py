"""The OpenAPI document: what the routes declare, corrected to what is really answered."""

from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from decisioning import __version__
from serving.answer import ScoreAnswer
from serving.pages import ProblemAnswer
from serving.problems import MEDIA_TYPE
from serving.requests import (
    ClaimRequest,
    ConsentsIn,
    ContactsIn,
    CustomersIn,
    DecideBatchRequest,
    DecideRequest,
    OutcomesIn,
    OverrideRequest,
    PolicyText,
    ScoreRequest,
    SettleRequest,
    SignalsIn,
)

Json = dict[str, Any]

_BODIES: tuple[type[BaseModel], ...] = (
    ClaimRequest,
    ConsentsIn,
    ContactsIn,
    CustomersIn,
    DecideBatchRequest,
    DecideRequest,
    OutcomesIn,
    OverrideRequest,
    PolicyText,
    ScoreRequest,
    SettleRequest,
    SignalsIn,
)
_SCHEMAS = "#/components/schemas/"
_REF = _SCHEMAS + "{model}"
_DESCRIPTION = """heed decides, for one customer at one moment, whether to act, how to act, or to hold.

Every decision is in the ledger before it is answered. Times are RFC 3339 with an offset; money is in the catalogue's
currency; probabilities lie in [0, 1]. Every error is `application/problem+json`.
"""
_PROBLEMS = {
    "400": "The request is wrong; the problem names the field, the value and the remedy.",
    "404": "There is no such thing.",
    "409": "Not in the present state of the thing, or refused by a guardrail.",
    "422": "The idempotency key came before with another request.",
    "503": "A part that heed depends on is down; nothing was executed.",
}


def document(app: FastAPI) -> Json:
    """The whole document, made once and then kept by the application."""
    made: Json = get_openapi(title="heed", version=__version__, description=_DESCRIPTION, routes=app.routes)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_of_bodies())
    schemas.update(_of_values())
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    made["paths"]["/score"] = _score()
    for path in made["paths"].values():
        for operation in path.values():
            operation["responses"] = {**_successes(operation["responses"]), **_problems()}
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


_VALUES: tuple[tuple[str, Any], ...] = (("ProblemAnswer", ProblemAnswer), ("ScoreAnswer", ScoreAnswer))


def _successes(responses: Json) -> Json:
    return {status: one for status, one in responses.items() if status.startswith("2")}


def _problems() -> Json:
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}ProblemAnswer"}}}
    return {status: {"description": said, "content": content} for status, said in _PROBLEMS.items()}


def _score() -> Json:
    """The call that BentoML serves itself; its own document cannot say what it refuses."""

    def content(name: str) -> Json:
        return {"application/json": {"schema": {"$ref": f"{_SCHEMAS}{name}"}}}

    return {
        "post": {
            "tags": ["decisions"],
            "summary": "Score candidates: no verdicts, no record, no side effects",
            "operationId": "score_score_post",
            "requestBody": {"required": True, "content": content("ScoreRequest")},
            "responses": {"200": {"description": "Successful Response", "content": content("ScoreAnswer")}},
        }
    }
