"""API keys: made, listed and revoked by whoever holds a policy admin's key."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from heed.serving.api.query_params import reject_unknown_params
from heed.serving.api.request_body import body_of, request_body_schema
from heed.serving.auth.api_key import create_key
from heed.serving.auth.key_schemas import KeyMade, KeysPage, KeyView, key_view
from heed.serving.auth.principal import Principal, principal
from heed.serving.auth.scopes import Role, Scope, narrow_scopes
from heed.serving.errors import Forbidden
from heed.serving.runtime import Runtime, runtime
from heed.serving.schemas.fields import Id
from heed.serving.schemas.key_requests import KeyRequest

router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[Depends(reject_unknown_params)])

Running = Annotated[Runtime, Depends(runtime)]
Asker = Annotated[Principal, Depends(principal)]
Wish = Annotated[KeyRequest, Depends(body_of(KeyRequest))]


@router.get("", summary="All keys, without their secrets")
async def keys(running: Running) -> KeysPage:
    """Live, expired and revoked keys."""
    now = running.engine.clock()
    kept = await running.ledger.aside(running.ledger.api_keys)
    return KeysPage([key_view(one, now) for one in kept])


@router.post("", summary="Make a key", openapi_extra=request_body_schema(KeyRequest))
async def create(body: Wish, asker: Asker, running: Running, response: Response) -> KeyMade:
    """Make a key; its secret is in this answer alone."""
    scopes = narrow_scopes(body.role, body.scopes)
    _refuse_to_widen(body.role, scopes, asker)
    now = running.engine.clock()
    made = create_key(body.name, body.role, scopes, now, body.expires_at)
    await running.ledger.add_key(made.key)
    running.access.keyring.replace(await running.ledger.aside(running.ledger.api_keys))
    response.headers["Cache-Control"] = "no-store"
    return KeyMade(made.token, key_view(made.key, now))


@router.post("/{key_id}/revoke", summary="Take a key back")
async def revoke(key_id: Id, running: Running) -> KeyView:
    """Take a key back for good. It opens nothing here from the answer on, and elsewhere within seconds."""
    revoked = await running.ledger.revoke_key(key_id)
    running.access.keyring.replace(await running.ledger.aside(running.ledger.api_keys))
    return key_view(revoked, running.engine.clock())


def _refuse_to_widen(role: Role, scopes: frozenset[Scope], asker: Principal) -> None:
    """Refuse whoever may make keys, and little else, a policy admin's key with more than that."""
    more = sorted(scopes - asker.scopes) if role is Role.POLICY_ADMIN else []
    if more:
        remedy = "have it made with a key that has them"
        raise Forbidden("a key cannot give what it lacks", field="scopes", value=", ".join(more), remedy=remedy)
