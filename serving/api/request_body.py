"""Request bodies: strict JSON, read straight into the request models."""

from typing import Any, Generic, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel

from heed.serving.api.strict_json import reject_ambiguous_json
from heed.serving.errors import NotJson
from heed.serving.http.request_limits import MAX_BODY_BYTES, body_too_large

Model = TypeVar("Model", bound=BaseModel)

JSON = "application/json"


class JsonBody(Generic[Model]):
    """A dependency that reads the request body as `model`. The OpenAPI document finds the model on it.

    FastAPI's own body parameters read any JSON, in which a key may come twice and a whole number may lose digits.
    """

    def __init__(self, model: type[Model]) -> None:
        self.model = model

    async def __call__(self, request: Request) -> Model:
        """Read and check the body."""
        return parse_body(self.model, await read_json_body(request))


def json_body(model: type[BaseModel]) -> Any:
    """Declare that a parameter of a route is its request body: ``Annotated[Model, json_body(Model)]``."""
    return Depends(JsonBody(model))


def parse_body(model: type[Model], content: bytes) -> Model:
    """Parse a body that has one meaning only.

    Raises
    ------
    ValidationError
        If it does not fit the model.
    InvalidInput
        If a key comes twice, or a whole number lies beyond 2**53.
    """
    body = model.model_validate_json(content)
    reject_ambiguous_json(content)
    return body


async def read_json_body(request: Request) -> bytes:
    """Read the body of a request whose Content-Type is JSON.

    A page from another origin can send any other media type, or none, without a preflight request (Fetch Standard,
    CORS-safelisted requests), so nothing else is read as JSON.

    Raises
    ------
    NotJson
        If the header ``Content-Type`` is missing or names another media type.
    BodyTooLarge
        As soon as the body grows past `MAX_BODY_BYTES`.
    """
    content_type = request.headers.get("content-type")
    if content_type is None or content_type.partition(";")[0].strip().lower() != JSON:
        remedy = f"send the header Content-Type: {JSON}"
        raise NotJson(
            f"Content-Type must be {JSON}", field="Content-Type", value=content_type or "nothing", remedy=remedy
        )
    return await _read_limited(request)


async def _read_limited(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise body_too_large()
    return bytes(content)
