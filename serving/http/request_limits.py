"""How large a request may be before anything of it is read."""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from heed.decisioning.errors import InvalidInput
from heed.serving.errors import BodyTooLarge, HeadersTooLarge, TargetTooLong

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_TARGET_BYTES = 8 * 1024
MAX_HEADERS_BYTES = 32 * 1024
# A second one of these would leave it to each reader which of them counts.
_ONCE = (b"host", b"authorization", b"content-length", b"content-type", b"idempotency-key", b"origin")


def read_headers(scope: Scope) -> Mapping[bytes, bytes]:
    """The headers by their names.

    Raises
    ------
    HeadersTooLarge
        If there are more than `MAX_HEADERS_BYTES` bytes of them.
    InvalidInput
        If one comes twice that may come once.
    """
    found: dict[bytes, bytes] = {}
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name in found and name in _ONCE:
            raise InvalidInput("the header came twice", field=name.decode("latin-1"), remedy="send it once")
        found[name] = value
    if size > MAX_HEADERS_BYTES:
        remedy = f"send at most {MAX_HEADERS_BYTES // 1024} KiB of headers"
        raise HeadersTooLarge("the headers are too large", field="headers", remedy=remedy)
    return found


def check_target(scope: Scope) -> None:
    """Refuse a path and query that are too long, or no UTF-8.

    Raises
    ------
    TargetTooLong
        If they have more than `MAX_TARGET_BYTES` bytes.
    InvalidInput
        If they are no UTF-8: two ids would be taken for the same.
    """
    target = (scope.get("raw_path") or b"") + b"?" + scope["query_string"]
    if len(target) > MAX_TARGET_BYTES:
        raise TargetTooLong("the path is too long", field="path", remedy=f"send at most {MAX_TARGET_BYTES // 1024} KiB")
    try:
        unquote_to_bytes(target).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("the path is not UTF-8", field="path", remedy="encode it in UTF-8, then in %XX") from error


def check_content_length(headers: Mapping[bytes, bytes]) -> None:
    """Refuse a body that is announced as too large; one that does not say its length is counted as it comes.

    Raises
    ------
    BodyTooLarge
        If it has more than `MAX_BODY_BYTES` bytes.
    """
    announced = headers.get(b"content-length", b"0")
    if len(announced) > 20 or (announced.isdigit() and int(announced) > MAX_BODY_BYTES):
        raise body_too_large()


def body_too_large() -> BodyTooLarge:
    """The error for a body that is too large."""
    remedy = f"send at most {MAX_BODY_BYTES // 1024 // 1024} MiB at once"
    return BodyTooLarge("the body is too large", field="body", remedy=remedy)
