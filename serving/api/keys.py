"""API keys: made, listed and revoked by whoever holds a policy admin's key."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from serving.access.keys import make
from serving.access.principal import Principal, principal
from serving.access.scopes import Role, Scope, narrowed
from serving.access.showing import KeyMade, KeysPage, KeyView, view
from serving.api.bodies import body_of, documented
from serving.api.parameters import only_declared
from serving.errors import Forbidden
from serving.requests.fields import Id
from serving.requests.keys import KeyRequest
from serving.runtime import Runtime, runtime

router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[Depends(only_declared)])

Running = Annotated[Runtime, Depends(runtime)]
Asker = Annotated[Principal, Depends(principal)]
Wish = Annotated[KeyRequest, Depends(body_of(KeyRequest))]


@router.get("", summary="All keys, without their secrets")
async def keys(running: Running) -> KeysPage:
    """Live, expired and revoked keys."""
    now = running.engine.clock()
    kept = await running.ledger.aside(running.ledger.api_keys)
    return KeysPage([view(one, now) for one in kept])


@router.post("", summary="Make a key", openapi_extra=documented(KeyRequest))
async def create(body: Wish, asker: Asker, running: Running, response: Response) -> KeyMade:
    """Make a key; its secret is in this answer alone."""
    scopes = narrowed(body.role, body.scopes)
    _refuse_to_widen(body.role, scopes, asker)
    now = running.engine.clock()
    made = make(body.name, body.role, scopes, now, body.expires_at)
    await running.ledger.add_key(made.key)
    running.access.keyring.replace(await running.ledger.aside(running.ledger.api_keys))
    response.headers["Cache-Control"] = "no-store"
    return KeyMade(made.token, view(made.key, now))


@router.post("/{key_id}/revoke", summary="Take a key back")
async def revoke(key_id: Id, running: Running) -> KeyView:
    """Take a key back for good. It opens nothing here from the answer on, and elsewhere within seconds."""
    revoked = await running.ledger.revoke_key(key_id)
    running.access.keyring.replace(await running.ledger.aside(running.ledger.api_keys))
    return view(revoked, running.engine.clock())


def _refuse_to_widen(role: Role, scopes: frozenset[Scope], asker: Principal) -> None:
    """Refuse whoever may make keys, and little else, a policy admin's key with more than that."""
    more = sorted(scopes - asker.scopes) if role is Role.POLICY_ADMIN else []
    if more:
        remedy = "have it made with a key that has them"
        raise Forbidden("a key cannot give what it lacks", field="scopes", value=", ".join(more), remedy=remedy)
