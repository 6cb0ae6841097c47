"""Whether a request is of this machine and of its user's own making.

A service without keys is open to them alone. A page of another site can have the browser of this machine's user send
requests to loopback, under a name of its own that it lets point here (DNS rebinding), or across sites; a proxy on this
machine passes on what comes from elsewhere. None of these is local.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from functools import lru_cache

from starlette.types import Scope

from heed.serving.errors import Forbidden

# What says that a request came by way of a proxy (RFC 7239, RFC 9110 7.6.3, and the names in use before them).
_FORWARDED = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
_OWN_SITE = (b"same-origin", b"none")
_REMEDY = "send a key: `heed keys create` makes one"


# Asked three times a request, nearly always the same; bounded, as callers choose what is asked.
@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own (RFC 1122, 3.2.1.3; RFC 6761, 6.3)."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def remote_refusal(scope: Scope, headers: Mapping[bytes, bytes]) -> Forbidden | None:
    """Why a request is not local, None where it is."""
    return next(_objections(scope, headers), None)


def _objections(scope: Scope, headers: Mapping[bytes, bytes]) -> Iterator[Forbidden]:
    ends = (scope.get("client"), scope.get("server"))
    if any(end is None or not is_loopback(end[0]) for end in ends):
        yield Forbidden("without a key only requests of this machine are answered", remedy=_REMEDY)
    if any(name in headers for name in _FORWARDED):
        yield Forbidden("without a key nothing is answered that came through a proxy", remedy=_REMEDY)
    host = headers.get(b"host", b"")
    if not is_loopback(_name(host)):
        remedy = f"ask for `localhost` or `127.0.0.1`, or {_REMEDY}"
        yield Forbidden(
            "without a key only requests for this machine's own name are answered", field="Host", remedy=remedy
        )
    if not _of_own_site(headers, host):
        yield Forbidden("without a key no request is answered that another site's page sent", remedy=_REMEDY)


def _of_own_site(headers: Mapping[bytes, bytes], host: bytes) -> bool:
    """Whether no page of another origin sent it (Fetch Metadata; `Origin` where a browser is older than that)."""
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
