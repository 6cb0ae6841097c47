"""How large a request may be, checked before it is read."""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from heed.decisioning.errors import InvalidInput
from heed.serving.errors import BodyTooLarge, HeadersTooLarge, TargetTooLong

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_TARGET_BYTES = 8 * 1024
MAX_HEADERS_BYTES = 32 * 1024
# Where one of these came twice, readers would differ on which counts.
_ONCE = (b"host", b"authorization", b"content-length", b"content-type", b"idempotency-key", b"origin")


def read_headers(scope: Scope) -> Mapping[bytes, bytes]:
    """The headers by their names.

    Raises
    ------
    HeadersTooLarge
        If they have more than `MAX_HEADERS_BYTES` bytes.
    InvalidInput
        If a header is repeated that may not be.
    """
    headers: dict[bytes, bytes] = {}
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name in headers and name in _ONCE:
            raise InvalidInput("duplicate header", field=name.decode("latin-1"), remedy="send it once")
        headers[name] = value
    if size > MAX_HEADERS_BYTES:
        remedy = f"send at most {MAX_HEADERS_BYTES // 1024} KiB of headers"
        raise HeadersTooLarge("the headers are too large", field="headers", remedy=remedy)
    return headers


def check_target(scope: Scope) -> None:
    """Refuse a path and query that are too long, or not UTF-8.

    Raises
    ------
    TargetTooLong
        If they have more than `MAX_TARGET_BYTES` bytes.
    InvalidInput
        If they are not UTF-8: two ids could be mistaken for one.
    """
    target = (scope.get("raw_path") or b"") + b"?" + scope["query_string"]
    if len(target) > MAX_TARGET_BYTES:
        raise TargetTooLong("the path is too long", field="path", remedy=f"send at most {MAX_TARGET_BYTES // 1024} KiB")
    try:
        unquote_to_bytes(target).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("the path is not UTF-8", field="path", remedy="percent-encode it as UTF-8") from error


def check_content_length(headers: Mapping[bytes, bytes]) -> None:
    """Refuse a body whose Content-Length is too large; a body without one is counted while it is read.

    Raises
    ------
    BodyTooLarge
        If it has more than `MAX_BODY_BYTES` bytes.
    """
    length = headers.get(b"content-length", b"0")
    if len(length) > 20 or (length.isdigit() and int(length) > MAX_BODY_BYTES):
        raise body_too_large()


def body_too_large() -> BodyTooLarge:
    """The error for a body that is too large."""
    remedy = f"send at most {MAX_BODY_BYTES // 1024 // 1024} MiB at once"
    return BodyTooLarge("the body is too large", field="body", remedy=remedy)
