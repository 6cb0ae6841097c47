"""A heed with keys, and requests that show them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from serving.access.keys import make
from serving.access.scopes import Role, narrowed
from tests.serving.running import Heed


def give(heed: Heed, role: str, name: str = "", expires_at: datetime | None = None, scopes: Any = ()) -> dict[str, str]:
    """A new key of this heed, as the headers of a request."""
    kind = Role(role)
    made = make(name or f"the-{role}", kind, narrowed(kind, scopes), heed.clock(), expires_at)
    heed.http.portal.call(heed.runtime.ledger.add_key, made.key)
    heed.runtime.access.keyring.replace(heed.runtime.ledger.api_keys())
    return bearer(made.token)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def status(heed: Heed, method: str, path: str, headers: Mapping[str, str] | None = None) -> int:
    body = {"content": b"{}", "headers": {"content-type": "application/json", **(headers or {})}}
    return heed.http.request(method, path, **body).status_code
