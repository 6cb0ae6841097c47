"""Whether a request comes from this machine and was meant by its user.

A service without keys answers only such requests. A web page can make the user's browser send requests to loopback,
under its own host name that resolves to this machine (DNS rebinding) or across sites, and a local proxy forwards remote
requests. None of these count as local.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from functools import lru_cache

from starlette.types import Scope

from heed.serving.errors import Forbidden

# Headers that proxies add (RFC 7239, RFC 9110 7.6.3, and their older names).
_FORWARDED = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
_OWN_SITE = (b"same-origin", b"none")
_REMEDY = "send an API key; `heed keys create` makes one"


# Called three times a request, nearly always with the same host; bounded, as callers choose the value.
@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host name or address is loopback (RFC 1122, 3.2.1.3; RFC 6761, 6.3)."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def remote_refusal(scope: Scope, headers: Mapping[bytes, bytes]) -> Forbidden | None:
    """Why a request is not local, None if it is."""
    return next(_objections(scope, headers), None)


def _objections(scope: Scope, headers: Mapping[bytes, bytes]) -> Iterator[Forbidden]:
    ends = (scope.get("client"), scope.get("server"))
    if any(end is None or not is_loopback(end[0]) for end in ends):
        yield Forbidden("without an API key only requests from this machine are answered", remedy=_REMEDY)
    if any(name in headers for name in _FORWARDED):
        yield Forbidden("without an API key no proxied request is answered", remedy=_REMEDY)
    host = headers.get(b"host", b"")
    if not is_loopback(_name(host)):
        remedy = f"use `localhost` or `127.0.0.1`, or {_REMEDY}"
        yield Forbidden("without an API key the Host header must name this machine", field="Host", remedy=remedy)
    if not _of_own_site(headers, host):
        yield Forbidden("without an API key no cross-site request is answered", remedy=_REMEDY)


def _of_own_site(headers: Mapping[bytes, bytes], host: bytes) -> bool:
    """Whether no page of another origin sent it (Fetch Metadata; `Origin` for older browsers)."""
    site = headers.get(b"sec-fetch-site")
    if site is not None and site not in _OWN_SITE:
        return False
    origin = headers.get(b"origin")
    return origin is None or origin in (b"http://" + host, b"https://" + host)


def _name(host: bytes) -> str:
    """The name in a ``Host`` header, without port and brackets."""
    text = host.decode("latin-1")
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]
