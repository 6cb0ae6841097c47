"""The outbox: what waits for an executor, for those that come and take it and for the one that it is pushed to."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from heed.serving.api.dependencies import UseCases
from heed.serving.api.query_params import reject_unknown_params
from heed.serving.api.request_body import json_body
from heed.serving.api.response_models import Delivered, EndpointView, OutboxPage, Settlement, TakenPage, WebhookView
from heed.serving.auth.routes import requires
from heed.serving.auth.scopes import Scope
from heed.serving.delivery import EndpointStatus, MessageState, OutboxStatus
from heed.serving.schemas.delivery_requests import AcknowledgeRequest, FailRequest, TakeRequest
from heed.serving.schemas.fields import Id

router = APIRouter(tags=["execution"], dependencies=[Depends(reject_unknown_params)])


@router.get("/v1/outbox", summary="Actions that wait for an executor")
@requires(Scope.OUTBOX)
async def outbox(services: UseCases, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> OutboxPage:
    """Executable actions, longest ready first, as far as they are permitted now; the rest is withdrawn or waits.

    Looking takes nothing: what is to be executed has to be taken. `pushed` says whether a webhook is on as well.
    Report each contact as made or failed by ``POST /v1/contacts``.
    """
    messages = await services.delivery.waiting(limit)
    return OutboxPage(messages, (await services.delivery.outbox_status()).pushed)


@router.post("/v1/outbox", summary="Take many messages for a while")
@requires(Scope.OUTBOX)
async def take(body: Annotated[TakeRequest, json_body(TakeRequest)], services: UseCases) -> TakenPage:
    """Every rule is asked again of each message; what it forbids is withdrawn, or waits until it passes.

    Acknowledge each, or say that it failed, naming its `fence`. One that is neither until its lease is over is handed
    out again under the same id, so execute each id once.
    """
    lease = timedelta(seconds=body.lease_seconds)
    return TakenPage(await services.delivery.lease_many(body.executor, body.limit, lease))


@router.get("/v1/outbox/{outbox_id}", summary="Where a message stands")
@requires(Scope.OUTBOX)
async def message(outbox_id: Id, services: UseCases) -> MessageState:
    """Its state, what was tried, and whether its contact slot counts."""
    return await services.delivery.message(outbox_id)


@router.post("/v1/outbox/{outbox_id}/delivered", summary="Take one message for good")
@requires(Scope.OUTBOX)
async def delivered(outbox_id: Id, services: UseCases) -> Delivered:
    """Take a message off the outbox; its reservation stays until the contact is reported.

    One that is not permitted now is withdrawn or waits instead, and must not be sent.
    """
    return Delivered(outbox_id, await services.delivery.take(outbox_id))


@router.post(
    "/v1/outbox/{outbox_id}/acknowledge",
    summary="Acknowledge a message taken for a while",
)
@requires(Scope.OUTBOX)
async def acknowledge(
    outbox_id: Id, body: Annotated[AcknowledgeRequest, json_body(AcknowledgeRequest)], services: UseCases
) -> Settlement:
    """Nobody else is handed it any more; its reservation stays until the contact is reported."""
    return Settlement(outbox_id, await services.delivery.acknowledge(outbox_id, body.fence))


@router.post(
    "/v1/outbox/{outbox_id}/fail",
    summary="Say that nothing was done with a message",
)
@requires(Scope.OUTBOX)
async def fail(outbox_id: Id, body: Annotated[FailRequest, json_body(FailRequest)], services: UseCases) -> Settlement:
    """Have it handed out again later, or withdraw it; its slot is free again once nobody may have executed it."""
    return Settlement(outbox_id, await services.delivery.fail(outbox_id, body.fence, retry=body.retry))


@router.get("/v1/webhook", summary="The executors that messages are pushed to")
@requires(Scope.OPERATIONS)
async def webhook(services: UseCases) -> WebhookView:
    """Where push goes and whether it is on, and how much waits."""
    return _webhook_view(await services.delivery.outbox_status())


@router.post("/v1/webhook/enable", summary="Push again after an executor answered 410")
@requires(Scope.STOP)
async def enable_webhook(services: UseCases) -> WebhookView:
    """Messages that wait are tried from now on; where no webhook is set up nothing is pushed and nothing changes."""
    return _webhook_view(await services.delivery.enable_endpoints())


def _webhook_view(status: OutboxStatus) -> WebhookView:
    backlog = status.backlog
    return WebhookView(list(map(_endpoint_view, status.endpoints)), status.pushed, backlog.messages, backlog.since)


def _endpoint_view(endpoint: EndpointStatus) -> EndpointView:
    disabled = endpoint.disabled
    return EndpointView(
        endpoint.channel,
        endpoint.origin,
        enabled=endpoint.enabled,
        disabled_at=None if disabled is None else disabled.at,
        because=None if disabled is None else disabled.because,
    )
