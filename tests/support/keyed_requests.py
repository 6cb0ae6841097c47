"""API keys, and requests that carry them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from heed.serving.auth.api_key import create_key
from heed.serving.auth.scopes import Role, narrow_scopes
from tests.support.in_process_service import Heed


def issue_key(
    heed: Heed, role: str, name: str = "", expires_at: datetime | None = None, scopes: Any = ()
) -> dict[str, str]:
    """Issue a key, and return the request headers that carry it."""
    kind = Role(role)
    made = create_key(name or f"the-{role}", kind, narrow_scopes(kind, scopes), heed.clock(), expires_at)
    heed.http.portal.call(heed.runtime.ledger.api_keys.add, made.key)
    heed.runtime.access.key_cache.replace(heed.runtime.ledger.api_keys.list())
    return bearer_header(made.token)


def bearer_header(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def status(heed: Heed, method: str, path: str, headers: Mapping[str, str] | None = None) -> int:
    body = {"content": b"{}", "headers": {"content-type": "application/json", **(headers or {})}}
    return heed.http.request(method, path, **body).status_code
