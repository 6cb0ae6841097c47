"""Where a webhook may go: to public addresses over https, so that nobody reaches a private network through heed."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

import httpx

from heed.decisioning.errors import HeedError, InvalidInput

Address = IPv4Address | IPv6Address

# Prefixes that embed an IPv4 address in their last 32 bits: NAT64 (RFC 6052, RFC 8215) and the IPv4-compatible ones
# that RFC 4291 deprecates. The standard library decodes the other forms.
_IPV4_PREFIXES = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))
# Special-purpose by the IANA registries, but public to some versions of Python.
_SPECIAL = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
    IPv6Network("5f00::/16"),
    IPv6Network("fec0::/10"),
)
_NOTHING = SplitResult("", "", "", "", "")


class AddressRefused(HeedError):
    """The executor's name leads to an address that heed does not connect to. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Target:
    """The URL of an executor, taken apart.

    Attributes
    ----------
    secure : bool
        Whether it is asked over https.
    netloc : str
        Host and port as the header ``Host`` names them.
    path : str
        Path and query; it may hold a token, so it is never shown.
    """

    secure: bool
    host: str
    port: int
    netloc: str
    path: str

    def __repr__(self) -> str:
        return f"Target({self.origin})"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what may be shown."""
        return f"{'https' if self.secure else 'http'}://{self.netloc}"


def parse_target(url: str, *, allow_private: bool, field: str = "webhook_url") -> Target:
    """The parts of a URL that a webhook may have.

    Raises
    ------
    InvalidInput
        If it is no absolute URL over https (or, where private addresses are allowed, http), names a user, or points
        into a page. The message does not show it, since its path may hold a token.
    """
    parts, port = _parts(url)
    host = parts.hostname
    if parts.scheme not in {"https", "http"} or not host or parts.fragment or "@" in parts.netloc:
        remedy = "give an absolute https URL without user, password and fragment"
        raise InvalidInput("not a URL that a webhook can go to", field=field, remedy=remedy)
    if parts.scheme == "http" and not allow_private:
        remedy = "use https, or allow private addresses and give one of loopback"
        raise InvalidInput("a webhook does not go over plain http", field=field, remedy=remedy)
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), parts.netloc, path)


def _parts(url: str) -> tuple[SplitResult, int | None]:
    """The URL and its port, empty where it cannot be taken apart in one way only."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return _NOTHING, None
    try:
        httpx.URL(url)
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, httpx.InvalidURL):
        return _NOTHING, None
    return parts, port


def checked_address(target: Target, resolved: Sequence[str], *, allow_private: bool) -> str:
    """The address to connect to, of those that the target's name resolves to.

    One forbidden address refuses them all: a name that mixes them in would reach it sooner or later.

    Raises
    ------
    AddressRefused
        If an address is forbidden, or there is none.
    """
    addresses = [ip_address(text) for text in resolved]
    for address in addresses:
        because = _refusal(address, secure=target.secure, allow_private=allow_private)
        if because is not None:
            raise AddressRefused(f"the executor's address is {because}", field="webhook_url", value=target.origin)
    if not addresses:
        raise AddressRefused("the executor's name has no address", field="webhook_url", value=target.origin)
    return resolved[0]


def is_public(address: Address) -> bool:
    """Whether it is an address of the public internet, and holds none that is not."""
    embedded = _embedded_ipv4(address)
    if embedded is not None and not is_public(embedded):
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return True
    special = any(address in network for network in _SPECIAL if network.version == address.version)
    return address.is_global and not special and not _is_no_host(address)


def _refusal(address: Address, *, secure: bool, allow_private: bool) -> str | None:
    """Why an address is refused, None where it is allowed."""
    effective = _embedded_ipv4(address) or address
    if _is_no_host(address) or _is_no_host(effective):
        return "no address of one host"
    if not allow_private and not is_public(address):
        return "private, of loopback, link-local or reserved; HEED_WEBHOOK_ALLOW_PRIVATE allows it"
    if not secure and not effective.is_loopback:
        return "not of loopback, and only there a webhook goes without TLS"
    return None


def _is_no_host(address: Address) -> bool:
    """Whether it is multicast, unspecified or broadcast."""
    return address.is_multicast or address.is_unspecified or address == IPv4Address("255.255.255.255")


def _embedded_ipv4(address: Address) -> IPv4Address | None:
    """The IPv4 address embedded in an IPv6 address, None where there is none."""
    if isinstance(address, IPv4Address) or address in (IPv6Address("::"), IPv6Address("::1")):
        return None
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    holds = any(address in network for network in _IPV4_PREFIXES)
    return IPv4Address(int(address) & 0xFFFF_FFFF) if holds else None
