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


@router.get("", summary="Review cases, in queue order")
@requires(Scope.REVIEWS)
def reviews(
    services: UseCases,
    state: Annotated[ReviewState, Query()] = ReviewState.OPEN,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    order: Annotated[ReviewSort, Query()] = ReviewSort.OLDEST,
) -> ReviewsPage:
    """Cases in one state, oldest first; ``order=shortfall`` puts open cases with the most value at stake first."""
    return ReviewsPage(services.reviews.cases(state, limit=limit, order=order))


@router.get("/{review_id}", summary="One review case")
@requires(Scope.REVIEWS)
def review(review_id: Id, services: UseCases) -> ReviewCase:
    """One case."""
    return services.reviews.case(review_id)


@router.post("/{review_id}/claim", summary="Claim a case")
@requires(Scope.SETTLE)
async def claim(review_id: Id, body: Claim, asker: Asker, services: UseCases) -> ReviewCase:
    """Claim an open case, or one whose claim has expired; its fence is needed to settle the case."""
    return await services.reviews.claim(review_id, _reviewer(body, asker))


@router.post("/{review_id}/release", summary="Release a claimed case")
@requires(Scope.SETTLE)
async def release(review_id: Id, body: Settle, asker: Asker, services: UseCases) -> ReviewCase:
    """Return a claimed case to the queue."""
    return await services.reviews.release(review_id, _reviewer(body, asker), body.fence)


@router.post("/{review_id}/approve", summary="Approve the proposed action", responses=CUSTOMER_ERASED)
@requires(Scope.SETTLE)
async def approve(review_id: Id, body: Settle, asker: Asker, services: UseCases) -> ReviewCase:
    """Execute the proposed action, if the guardrails still permit it."""
    return await services.reviews.approve(review_id, _reviewer(body, asker), body)


@router.post("/{review_id}/override", summary="Choose another candidate", responses=CUSTOMER_ERASED)
@requires(Scope.SETTLE)
async def override(review_id: Id, body: Override, asker: Asker, services: UseCases) -> ReviewCase:
    """Execute another admissible candidate of the same decision."""
    return await services.reviews.override(review_id, _reviewer(body, asker), body)


@router.post("/{review_id}/reject", summary="Reject, and hold")
@requires(Scope.SETTLE)
async def reject(review_id: Id, body: Settle, asker: Asker, services: UseCases) -> ReviewCase:
    """Settle the case with hold."""
    return await services.reviews.reject(review_id, _reviewer(body, asker), body)


def _reviewer(body: ClaimRequest | SettleRequest, asker: Principal) -> str:
    """The name of the key if there is one, else whoever the body names."""
    if asker.key_id is not None:
        return asker.name
    if body.reviewer is None:
        raise InvalidInput("the body names no reviewer", field="reviewer", remedy="say who decides, or send a key")
    return body.reviewer
