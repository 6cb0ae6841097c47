"""The kill switch. It needs the ledger and nothing else: neither a model nor a policy."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from heed.serving.api.dependencies import UseCases
from heed.serving.api.query_params import reject_unknown_params
from heed.serving.api.request_body import json_body
from heed.serving.auth.principal import Principal, principal
from heed.serving.auth.routes import requires
from heed.serving.auth.scopes import Scope
from heed.serving.operations.kill_switch import StopOrder, SwitchView
from heed.serving.schemas.kill_switch_requests import ResumeRequest, StopRequest

router = APIRouter(prefix="/v1", tags=["operations"], dependencies=[Depends(reject_unknown_params)])

Asker = Annotated[Principal, Depends(principal)]
Stopping = Annotated[StopRequest, json_body(StopRequest)]
Resuming = Annotated[ResumeRequest, json_body(ResumeRequest)]


@router.get("/stop", summary="What is stopped")
@requires(Scope.STOPS)
def switch(services: UseCases, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> SwitchView:
    """What is stopped now, by order or by policy, and the latest orders, newest first."""
    return services.kill_switch.view(limit)


@router.post("/stop", summary="Stop acting, at once, on every worker")
@requires(Scope.STOP)
async def stop(body: Stopping, asker: Asker, services: UseCases) -> SwitchView:
    """Turn all acts, or the named ones, into hold or review; once this returns, no worker commits one.

    Waiting messages keep waiting, and reviews can be approved only if the order is to review.
    """
    return await services.kill_switch.stop(_signed(body.order(), asker))


@router.post("/resume", summary="Lift a stop order")
@requires(Scope.STOP)
async def resume(body: Resuming, asker: Asker, services: UseCases) -> SwitchView:
    """Lift the stop order that names exactly this; others stay."""
    return await services.kill_switch.resume(_signed(body.order(), asker))


def _signed(order: StopOrder, asker: Principal) -> StopOrder:
    """The order in the name of the key if there is one, else of whoever the body names."""
    return order if asker.key_id is None else replace(order, ordered_by=asker.name)
