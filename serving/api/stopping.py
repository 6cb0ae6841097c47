"""The kill switch. It needs the ledger and nothing else: neither a model nor a policy."""

import logging
from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from serving.access.principal import Principal, principal
from serving.api.bodies import body_of, documented
from serving.api.parameters import only_declared
from serving.in_force.switch import SwitchView, switch_view
from serving.ledger.operations.stopping import Order
from serving.requests.stopping import ResumeRequest, StopRequest
from serving.runtime import Runtime, runtime

logger = logging.getLogger("heed.serving")

router = APIRouter(prefix="/v1", tags=["operations"], dependencies=[Depends(only_declared)])

Running = Annotated[Runtime, Depends(runtime)]
Asker = Annotated[Principal, Depends(principal)]
Stopping = Annotated[StopRequest, Depends(body_of(StopRequest))]
Resuming = Annotated[ResumeRequest, Depends(body_of(ResumeRequest))]


@router.get("/stop", summary="What is stopped")
def switch(running: Running, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> SwitchView:
    """What is stopped now, by order or by the policy, and the latest orders, newest first."""
    return switch_view(running.ledger, running.standby, limit)


@router.post("/stop", summary="Stop: no act, at once, on every worker", openapi_extra=documented(StopRequest))
async def stop(body: Stopping, asker: Asker, running: Running) -> SwitchView:
    """Turn every act, or those named, into hold or review; from the answer on none commits, whatever worker makes it.

    Messages that wait for an executor wait on, and reviews cannot be approved unless the order is to review.
    """
    await running.ledger.stop(_signed(body.order(), asker))
    logger.warning("an order to stop was recorded")
    return await running.ledger.aside(partial(switch_view, running.ledger, running.standby))


@router.post("/resume", summary="Lift an order to stop", openapi_extra=documented(ResumeRequest))
async def resume(body: Resuming, asker: Asker, running: Running) -> SwitchView:
    """Lift the order to stop that names exactly this; others stay."""
    await running.ledger.resume(_signed(body.order(), asker))
    logger.warning("an order to resume was recorded")
    return await running.ledger.aside(partial(switch_view, running.ledger, running.standby))


def _signed(order: Order, asker: Principal) -> Order:
    """The order of the holder of the key, whatever the body says; without keys of whoever the body names."""
    return order if asker.key_id is None else replace(order, ordered_by=asker.name)
