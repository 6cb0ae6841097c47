"""One error body for the whole API: `application/problem+json` (RFC 9457) with the field, the value and the remedy."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heed.decisioning.errors import (
    Conflict,
    HeedError,
    InvalidInput,
    KeyReused,
    NotFound,
    PolicyError,
    Refused,
    Unavailable,
    shorten,
)
from heed.serving.errors import (
    BodyTooLarge,
    CustomerErased,
    ErrorWithHeaders,
    Forbidden,
    HeadersTooLarge,
    NotJson,
    RateLimited,
    RequestInFlight,
    TargetTooLong,
    Unauthorized,
)

logger = logging.getLogger("heed.serving")

MEDIA_TYPE = "application/problem+json"

# The first class that an error is one of decides.
_STATUS: Mapping[type[HeedError], tuple[int, str]] = {
    Unauthorized: (401, "unauthorized"),
    Forbidden: (403, "forbidden"),
    RateLimited: (429, "rate-limited"),
    BodyTooLarge: (413, "too-large"),
    TargetTooLong: (414, "too-long"),
    HeadersTooLarge: (431, "headers-too-large"),
    NotJson: (415, "unsupported-media-type"),
    InvalidInput: (400, "invalid-input"),
    PolicyError: (400, "invalid-policy"),
    NotFound: (404, "not-found"),
    RequestInFlight: (409, "idempotency-key-in-flight"),
    Conflict: (409, "conflict"),
    KeyReused: (422, "idempotency-key-reused"),
    CustomerErased: (410, "erased"),
    Refused: (409, "refused-by-guardrail"),
    Unavailable: (503, "unavailable"),
}


# Headers of an error from another framework that its problem keeps.
_KEPT = (b"allow", b"retry-after", b"www-authenticate")

# Values of these fields may be personal data, and errors travel further than their requests.
_PERSONAL = frozenset({"customer_id", "contact_point", "contact_points", "attributes", "context", "note", "from"})


def is_personal(path: str) -> bool:
    """Whether the value at this path may be personal data."""
    return not _PERSONAL.isdisjoint(path.split("."))


class Problem:
    """Status and body of one error."""

    def __init__(self, status: int, kind: str, detail: str, **more: object) -> None:
        self.status = status
        self.body = {
            "type": f"urn:heed:problem:{kind}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            **{name: value for name, value in more.items() if value is not None},
        }

    def encoded(self) -> bytes:
        """The body as JSON."""
        return orjson.dumps(self.body)


def problem_response(error: Exception) -> Response:
    """The response to an exception: its problem and its headers."""
    problem = problem_from_error(error)
    # A 405 lists the allowed methods in `Allow` (RFC 9110, 15.5.6).
    headers = error.headers if isinstance(error, HTTPException | ErrorWithHeaders) else None
    if isinstance(error, RequestInFlight):
        headers = {"Retry-After": "1"}
    return Response(problem.encoded(), problem.status, headers, MEDIA_TYPE)


def problem_from_error(error: Exception) -> Problem:
    """The problem for an exception; an unexpected one reveals no internals."""
    if isinstance(error, ValidationError):
        return problem_from_validation(error)
    if isinstance(error, RequestValidationError):
        return problem_from_faults(error.errors())
    if isinstance(error, TimeoutError):
        return Problem(
            504,
            "timeout",
            "the request timed out and may or may not have been recorded: retry with the same Idempotency-Key",
        )
    if isinstance(error, ClientDisconnect):
        return Problem(400, "incomplete", "the connection closed before the body was complete; nothing was recorded")
    if isinstance(error, HTTPException):
        return _of_response(error.status_code, b"")
    for kind, (status, name) in _STATUS.items():
        if isinstance(error, kind):
            return problem_from_heed_error(error, status, name)
    logger.error("unexpected error", exc_info=error)
    return Problem(500, "internal", "unexpected error; nothing was executed")


def problem_from_heed_error(error: HeedError, status: int, name: str) -> Problem:
    """The problem for an error that heed raised itself."""
    value = None if error.value is None or is_personal(error.field or "") else shorten(error.value)
    # A policy may have several faults, and its author wants to see all of them.
    detail = str(error) if isinstance(error, PolicyError) else error.message
    return Problem(status, name, detail, field=error.field, value=value, remedy=error.remedy)


def problem_from_validation(error: ValidationError) -> Problem:
    """The problem for a body that does not fit the request model: its first fault, with a list of all."""
    return problem_from_faults(error.errors(include_url=False, include_context=False))


def problem_from_faults(errors: Sequence[Mapping[str, object]]) -> Problem:
    """The problem for pydantic's list of faults."""
    faults = [_fault(error) for error in errors]
    first = faults[0]
    return Problem(
        400,
        "invalid-input",
        f"{first['detail']} in `{first['field']}`",
        field=first["field"],
        value=first["value"],
        remedy=first["remedy"],
        faults=faults if len(faults) > 1 else None,
    )


def _fault(error: Mapping[str, object]) -> dict[str, object]:
    where = error["loc"]
    path = ".".join(str(part) for part in where) if isinstance(where, tuple) else str(where)
    kind = str(error["type"])
    value = error.get("input")
    # Invisible characters would be invisible here too, and could reorder the text around them.
    hidden = (
        kind in ("missing", "string_pattern_mismatch") or isinstance(value, dict | list | bytes) or is_personal(path)
    )
    shown = None if hidden else shorten(value)
    return {
        "field": path or "body",
        "value": shown,
        "detail": _detail(kind, str(error["msg"])),
        "remedy": _remedy(kind),
    }


def _detail(kind: str, message: str) -> str:
    message = message.removeprefix("Value error, ")
    known = {
        "extra_forbidden": "unknown field",
        "missing": "missing field",
        "string_pattern_mismatch": "blank, or contains an invisible character",
    }
    return known.get(kind, message[:1].lower() + message[1:])


def _remedy(kind: str) -> str:
    known = {
        "extra_forbidden": "remove it, or correct its name: /docs lists the fields",
        "missing": "add it: /docs lists the fields",
        "json_invalid": "send one JSON object in UTF-8",
        "string_pattern_mismatch": "remove control, zero-width, direction and filler characters",
    }
    return known.get(kind, "send what /docs describes for this field")


class ProblemMiddleware:
    """Give the errors of another framework the body of heed's.

    Responses below 400, and problems, pass unchanged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and watch its response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(send)
        await self.app(scope, receive, answer.send)


class _Answer:
    """One response on its way out, held back only while it is an error in another form."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_foreign_error(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._replace(self._start, self._body)

    async def _replace(self, start: Message, body: bytes) -> None:
        problem = _of_response(start["status"], body)
        content = problem.encoded()
        kept = [(name, value) for name, value in start["headers"] if name.lower() in _KEPT]
        headers = [*kept, (b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(content)).encode())]
        await self._send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": content})


def _is_foreign_error(message: Message) -> bool:
    if message["status"] < 400:
        return False
    types = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return not any(value.startswith(MEDIA_TYPE.encode()) for value in types)


def _of_response(status: int, body: bytes) -> Problem:
    faults = _pydantic_faults(body) if status == 400 else []
    if faults:
        return problem_from_faults(faults)
    known = {
        400: ("invalid-input", "the body is not the request that this path expects"),
        401: ("unauthorized", "missing API key"),
        403: ("forbidden", "not permitted"),
        404: ("not-found", "no such path; /docs lists all of them"),
        405: ("method-not-allowed", "this path does not support that method"),
        413: ("too-large", "the body is too large"),
        415: ("unsupported-media-type", "Content-Type must be application/json"),
        429: ("overloaded", "too many concurrent requests; nothing was recorded: retry"),
        503: ("unavailable", "the service is not ready"),
        504: ("timeout", "the request timed out"),
    }
    kind, detail = known.get(status, ("internal" if status >= 500 else "invalid-input", "the request failed"))
    return Problem(status, kind, detail)


def _pydantic_faults(body: bytes) -> list[Mapping[str, object]]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    detail = content.get("detail") if isinstance(content, dict) else None
    return [fault for fault in detail if isinstance(fault, dict)] if isinstance(detail, list) else []
