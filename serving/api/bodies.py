"""Reading request bodies: strict JSON, straight into the request models."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel

from decisioning.errors import InvalidInput

Model = TypeVar("Model", bound=BaseModel)

MAX_BYTES = 8 * 1024 * 1024


def body_of(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that reads the body as `model`."""

    async def read(request: Request) -> Model:
        return model.model_validate_json(await bounded(request))

    return read


async def bounded(request: Request) -> bytes:
    """The body, refused as soon as it grows past `MAX_BYTES`."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_BYTES:
            remedy = f"send at most {MAX_BYTES // 1024 // 1024} MiB at once"
            raise InvalidInput("the body is too large", field="body", remedy=remedy)
    return bytes(content)


def documented(model: type[BaseModel]) -> dict[str, object]:
    """The OpenAPI part that describes a body read by `body_of`."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
