"""The review queue, for programs. A case never executes without a person."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from heed.decisioning.errors import InvalidInput
from heed.serving.api.dependencies import UseCases
from heed.serving.api.query_params import reject_unknown_params
from heed.serving.api.request_body import json_body
from heed.serving.api.response_models import CUSTOMER_ERASED, ReviewsPage
from heed.serving.auth.principal import Principal, principal
from heed.serving.auth.routes import requires
from heed.serving.auth.scopes import Scope
from heed.serving.reviews import ReviewCase, ReviewSort, ReviewState
from heed.serving.schemas.fields import Id
from heed.serving.schemas.review_requests import ClaimRequest, OverrideRequest, SettleRequest

router = APIRouter(prefix="/v1/reviews", tags=["reviews"], dependencies=[Depends(reject_unknown_params)])

Asker = Annotated[Principal, Depends(principal)]
Claim = Annotated[ClaimRequest, json_body(ClaimRequest)]
Settle = Annotated[SettleRequest, json_body(SettleRequest)]
Override = Annotated[OverrideRequest, json_body(OverrideRequest)]


@router.get("", summary="Review cases, in the order of their turn")
@requires(Scope.REVIEWS)
def reviews(
    services: UseCases,
    state: Annotated[ReviewState, Query()] = ReviewState.OPEN,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    order: Annotated[ReviewSort, Query()] = ReviewSort.OLDEST,
) -> ReviewsPage:
    """Cases in one state, oldest first; ``order=shortfall`` has open ones begin with what a person may save most on."""
    return ReviewsPage(services.reviews.cases(state, limit=limit, order=order))


@router.get("/{review_id}", summary="One review case")
@requires(Scope.REVIEWS)
def review(review_id: Id, services: UseCases) -> ReviewCase:
    """One case."""
    return services.reviews.case(review_id)


@router.post("/{review_id}/claim", summary="Claim a case")
@requires(Scope.SETTLE)
async def claim(review_id: Id, body: Claim, asker: Asker, services: UseCases) -> ReviewCase:
    """Take an open case, or one whose claim has run out; the fence it returns is needed to settle it."""
    return await services.reviews.claim(review_id, _reviewer(body, asker))


@router.post("/{review_id}/release", summary="Give a case back")
@requires(Scope.SETTLE)
async def release(review_id: Id, body: Settle, asker: Asker, services: UseCases) -> ReviewCase:
    """Put a claimed case back into the queue."""
    return await services.reviews.release(review_id, _reviewer(body, asker), body.fence)


@router.post("/{review_id}/approve", summary="Approve the proposed action", responses=CUSTOMER_ERASED)
@requires(Scope.SETTLE)
async def approve(review_id: Id, body: Settle, asker: Asker, services: UseCases) -> ReviewCase:
    """Have the proposed action executed, if the guardrails still admit it at this moment."""
    return await services.reviews.approve(review_id, _reviewer(body, asker), body)


@router.post("/{review_id}/override", summary="Choose another candidate", responses=CUSTOMER_ERASED)
@requires(Scope.SETTLE)
async def override(review_id: Id, body: Override, asker: Asker, services: UseCases) -> ReviewCase:
    """Have another admissible candidate of the same decision executed."""
    return await services.reviews.override(review_id, _reviewer(body, asker), body)


@router.post("/{review_id}/reject", summary="Reject, and hold")
@requires(Scope.SETTLE)
async def reject(review_id: Id, body: Settle, asker: Asker, services: UseCases) -> ReviewCase:
    """Hold."""
    return await services.reviews.reject(review_id, _reviewer(body, asker), body)


def _reviewer(body: ClaimRequest | SettleRequest, asker: Principal) -> str:
    """Who decides: the holder of the key, whatever the body says; without keys whoever the body names."""
    if asker.key_id is not None:
        return asker.name
    if body.reviewer is None:
        raise InvalidInput("the body names no reviewer", field="reviewer", remedy="say who decides, or send a key")
    return body.reviewer
