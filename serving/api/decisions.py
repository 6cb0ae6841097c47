"""Routes for decisions and scores."""

from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from heed.decisioning.errors import InvalidInput
from heed.serving.api.dependencies import UseCases
from heed.serving.api.query_params import reject_unknown_params
from heed.serving.api.request_body import json_body
from heed.serving.api.response_models import CUSTOMER_ERASED, DecisionBatchAnswer, DecisionsPage
from heed.serving.auth.principal import auth_context, principal_of
from heed.serving.auth.routes import requires
from heed.serving.auth.scopes import Scope
from heed.serving.decisions.record import Caller
from heed.serving.runtime import runtime
from heed.serving.schemas.decision_requests import DecideBatchRequest, DecideRequest, ScoreRequest
from heed.serving.schemas.fields import Id, PersonId
from heed.serving.schemas.responses import DecisionAnswer, ScoreAnswer, encode

router = APIRouter(tags=["decisions"])

_KEY = "Idempotency-Key"
_KEY_LENGTH = 200
_KEY_DOCUMENTED = {
    "name": _KEY,
    "in": "header",
    "required": False,
    "description": "A retry with the same key gets the same response for as long as the decision is on record; keys "
    "do not expire. Another request with the same key is refused with 422. While the first is still being processed, "
    "a second gets 409 and `Retry-After`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": _KEY_LENGTH},
}


@router.post(
    "/decide",
    summary="Decide for one customer: act, hold or review",
    response_model=DecisionAnswer,
    responses=CUSTOMER_ERASED,
    openapi_extra={"parameters": [_KEY_DOCUMENTED]},
)
@requires(Scope.DECIDE)
async def decide(request: Request, body: Annotated[DecideRequest, json_body(DecideRequest)]) -> Response:
    """Make one decision. It is recorded in the ledger before it is returned."""
    running = runtime(request)
    answer = await running.services.decisions.decide(body, caller(request))
    running.metrics.seconds.observe(perf_counter() - auth_context(request).admitted_at)
    return Response(answer, media_type="application/json")


@router.post(
    "/decide_batch",
    summary="Decide for many customers, each independently",
    response_model=DecisionBatchAnswer,
    openapi_extra={"parameters": [_KEY_DOCUMENTED]},
)
@requires(Scope.DECIDE)
async def decide_batch(
    request: Request, body: Annotated[DecideBatchRequest, json_body(DecideBatchRequest)], services: UseCases
) -> Response:
    """Make many decisions. The response holds one decision or problem per request, in order."""
    return Response(await services.decisions.decide_batch(body, caller(request)), media_type="application/json")


@router.post(
    "/score",
    summary="Score candidates: no verdicts, no record, no side effects",
    response_model=ScoreAnswer,
)
@requires(Scope.SCORE)
async def score(body: Annotated[ScoreRequest, json_body(ScoreRequest)], services: UseCases) -> Response:
    """Score candidates with the active model."""
    return Response(encode(await services.decisions.score(body)), media_type="application/json")


@router.get(
    "/v1/decisions/{decision_id}",
    summary="One decision as it was returned",
    response_model=DecisionAnswer,
    responses=CUSTOMER_ERASED,
    dependencies=[Depends(reject_unknown_params)],
)
@requires(Scope.DECISIONS)
def decision(decision_id: Id, services: UseCases) -> Response:
    """The recorded response, byte for byte."""
    return Response(services.decisions.answer(decision_id), media_type="application/json")


@router.get(
    "/v1/decisions",
    summary="A customer's decisions, newest first",
    response_model=DecisionsPage,
    dependencies=[Depends(reject_unknown_params)],
)
@requires(Scope.DECISIONS)
def decisions(
    services: UseCases,
    customer_id: Annotated[PersonId, Query()],
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """The recorded responses for one customer."""
    return Response(services.decisions.answers(customer_id, limit), media_type="application/json")


def caller(request: Request) -> Caller:
    """The caller, with the idempotency key if there is one.

    Raises
    ------
    InvalidInput
        If the key is empty or too long.
    """
    key = request.headers.get(_KEY)
    if key is not None and not 1 <= len(key) <= _KEY_LENGTH:
        remedy = f"send 1 to {_KEY_LENGTH} characters, for example a UUID"
        raise InvalidInput("invalid length of the idempotency key", field=_KEY, value=len(key), remedy=remedy)
    return Caller(client=principal_of(request).name, key=key)
