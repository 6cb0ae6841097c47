"""Routes that create, list and revoke API keys."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from heed.serving.api.dependencies import UseCases
from heed.serving.api.query_params import reject_unknown_params
from heed.serving.api.request_body import json_body
from heed.serving.auth.key_schemas import KeyMade, KeysPage, KeyView, key_view
from heed.serving.auth.principal import Principal, principal
from heed.serving.auth.routes import requires
from heed.serving.auth.scopes import Scope
from heed.serving.schemas.fields import Id
from heed.serving.schemas.key_requests import KeyRequest

router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[Depends(reject_unknown_params)])

Asker = Annotated[Principal, Depends(principal)]
Wish = Annotated[KeyRequest, json_body(KeyRequest)]


@router.get("", summary="All keys, without their secrets")
@requires(Scope.KEYS)
async def keys(services: UseCases) -> KeysPage:
    """Live, expired and revoked keys."""
    listed = await services.keys.list_keys()
    return KeysPage([key_view(key, listed.at) for key in listed.keys])


@router.post("", summary="Create a key")
@requires(Scope.CHANGE_KEYS)
async def create(body: Wish, asker: Asker, services: UseCases, response: Response) -> KeyMade:
    """Create a key; only this response contains its secret."""
    created, at = await services.keys.create(body, asker)
    response.headers["Cache-Control"] = "no-store"
    return KeyMade(created.token, key_view(created.key, at))


@router.post("/{key_id}/revoke", summary="Revoke a key")
@requires(Scope.CHANGE_KEYS)
async def revoke(key_id: Id, services: UseCases) -> KeyView:
    """Revoke a key for good: in this process at once, in others within seconds."""
    return key_view(*await services.keys.revoke(key_id))
