"""How large a request may be before anything of it is read."""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from decisioning.errors import InvalidInput
from serving.errors import HeadersTooLarge, TooLarge, TooLong

MAX_BYTES = 8 * 1024 * 1024
MAX_TARGET = 8 * 1024
MAX_HEADERS = 32 * 1024
# A second one of these would leave it to each reader which of them counts.
_ONCE = (b"host", b"authorization", b"content-length", b"content-type", b"idempotency-key", b"origin")


def headers_of(scope: Scope) -> Mapping[bytes, bytes]:
    """The headers by their names.

    Raises
    ------
    HeadersTooLarge
        If there are more than `MAX_HEADERS` bytes of them.
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
    if size > MAX_HEADERS:
        remedy = f"send at most {MAX_HEADERS // 1024} KiB of headers"
        raise HeadersTooLarge("the headers are too large", field="headers", remedy=remedy)
    return found


def refuse_target(scope: Scope) -> None:
    """Refuse a path and query that are too long, or no UTF-8.

    Raises
    ------
    TooLong
        If they have more than `MAX_TARGET` bytes.
    InvalidInput
        If they are no UTF-8: two ids would be taken for the same.
    """
    target = (scope.get("raw_path") or b"") + b"?" + scope["query_string"]
    if len(target) > MAX_TARGET:
        raise TooLong("the path is too long", field="path", remedy=f"send at most {MAX_TARGET // 1024} KiB")
    try:
        unquote_to_bytes(target).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("the path is not UTF-8", field="path", remedy="encode it in UTF-8, then in %XX") from error


def refuse_length(headers: Mapping[bytes, bytes]) -> None:
    """Refuse a body that is announced as too large; one that does not say its length is counted as it comes.

    Raises
    ------
    TooLarge
        If it has more than `MAX_BYTES` bytes.
    """
    announced = headers.get(b"content-length", b"0")
    if len(announced) > 20 or (announced.isdigit() and int(announced) > MAX_BYTES):
        raise too_large()


def too_large() -> TooLarge:
    """The error for a body that is too large."""
    remedy = f"send at most {MAX_BYTES // 1024 // 1024} MiB at once"
    return TooLarge("the body is too large", field="body", remedy=remedy)
