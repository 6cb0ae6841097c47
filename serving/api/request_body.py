"""Reading request bodies: strict JSON, straight into the request models."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel

from heed.serving.api.strict_json import reject_ambiguous_json
from heed.serving.errors import NotJson
from heed.serving.http.request_limits import MAX_BODY_BYTES, body_too_large

Model = TypeVar("Model", bound=BaseModel)

JSON = "application/json"


def body_of(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that reads the body as `model`."""

    async def read(request: Request) -> Model:
        return parse_body(model, await read_json_body(request))

    return read


def parse_body(model: type[Model], content: bytes) -> Model:
    """The body as `model`, if it says each thing once and each whole number exactly.

    Raises
    ------
    ValidationError
        If it does not keep the model.
    InvalidInput
        If a member comes twice, or a whole number lies beyond 2**53.
    """
    found = model.model_validate_json(content)
    reject_ambiguous_json(content)
    return found


async def read_json_body(request: Request) -> bytes:
    """The body of a request that is announced as JSON.

    A page of another origin can send any other media type, or none, without asking first (Fetch Standard, CORS-
    safelisted requests); what it may not announce as JSON is not read as JSON.

    Raises
    ------
    NotJson
        If the header ``Content-Type`` is missing or names another media type.
    TooLarge
        As soon as the body grows past `MAX_BODY_BYTES`.
    """
    announced = request.headers.get("content-type")
    if announced is None or announced.partition(";")[0].strip().lower() != JSON:
        remedy = f"send the header Content-Type: {JSON}"
        raise NotJson(
            "the body is not announced as JSON", field="Content-Type", value=announced or "nothing", remedy=remedy
        )
    return await _bounded(request)


async def _bounded(request: Request) -> bytes:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_BODY_BYTES:
            raise body_too_large()
    return bytes(content)


def request_body_schema(model: type[BaseModel]) -> dict[str, object]:
    """The OpenAPI part that describes a body read by `body_of`."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}
