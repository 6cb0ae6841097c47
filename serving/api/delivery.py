"""Routes for executors: the outbox, and webhooks."""

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


@router.get("/v1/outbox", summary="Messages ready for an executor")
@requires(Scope.OUTBOX)
async def outbox(services: UseCases, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> OutboxPage:
    """Messages that the guardrails permit now, longest waiting first; others are cancelled or postponed.

    This only lists them: lease a message before executing it. `pushed` says whether a webhook is enabled as well.
    Report each contact as made or failed with ``POST /v1/contacts``.
    """
    messages = await services.delivery.waiting(limit)
    return OutboxPage(messages, (await services.delivery.outbox_status()).pushed)


@router.post("/v1/outbox", summary="Lease messages")
@requires(Scope.OUTBOX)
async def take(body: Annotated[TakeRequest, json_body(TakeRequest)], services: UseCases) -> TakenPage:
    """Re-evaluate the guardrails for each message, and lease those that they permit.

    Others are cancelled or postponed. Acknowledge or fail each message with its `fence`. When a lease expires, the
    message is delivered again with the same id, so execute each id once.
    """
    lease = timedelta(seconds=body.lease_seconds)
    return TakenPage(await services.delivery.lease_many(body.executor, body.limit, lease))


@router.get("/v1/outbox/{outbox_id}", summary="The state of a message")
@requires(Scope.OUTBOX)
async def message(outbox_id: Id, services: UseCases) -> MessageState:
    """Its state, its delivery attempts, and whether its contact slot counts."""
    return await services.delivery.message(outbox_id)


@router.post("/v1/outbox/{outbox_id}/delivered", summary="Accept one message")
@requires(Scope.OUTBOX)
async def delivered(outbox_id: Id, services: UseCases) -> Delivered:
    """Remove a message from the outbox; its reservation stays until the contact is reported.

    A message that the guardrails do not permit now is cancelled or postponed instead, and must not be sent.
    """
    return Delivered(outbox_id, await services.delivery.take(outbox_id))


@router.post(
    "/v1/outbox/{outbox_id}/acknowledge",
    summary="Acknowledge a leased message",
)
@requires(Scope.OUTBOX)
async def acknowledge(
    outbox_id: Id, body: Annotated[AcknowledgeRequest, json_body(AcknowledgeRequest)], services: UseCases
) -> Settlement:
    """It is not delivered again; its reservation stays until the contact is reported."""
    return Settlement(outbox_id, await services.delivery.acknowledge(outbox_id, body.fence))


@router.post(
    "/v1/outbox/{outbox_id}/fail",
    summary="Report that a message was not executed",
)
@requires(Scope.OUTBOX)
async def fail(outbox_id: Id, body: Annotated[FailRequest, json_body(FailRequest)], services: UseCases) -> Settlement:
    """Retry it later, or cancel it; its contact slot is freed once no executor may have executed it."""
    return Settlement(outbox_id, await services.delivery.fail(outbox_id, body.fence, retry=body.retry))


@router.get("/v1/webhook", summary="The webhook endpoints")
@requires(Scope.OPERATIONS)
async def webhook(services: UseCases) -> WebhookView:
    """The endpoints that messages are pushed to, whether each is enabled, and the backlog."""
    return _webhook_view(await services.delivery.outbox_status())


@router.post("/v1/webhook/enable", summary="Enable webhooks again after a 410")
@requires(Scope.STOP)
async def enable_webhook(services: UseCases) -> WebhookView:
    """Waiting messages are pushed from now on; without a configured webhook nothing changes."""
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
