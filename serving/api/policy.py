"""Routes for the policy: the active one, the one in its file, and what another would do."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends

from heed.serving.api.dependencies import UseCases
from heed.serving.api.policy_views import checked_view, liveness_view, policy_view
from heed.serving.api.query_params import reject_unknown_params
from heed.serving.api.request_body import json_body
from heed.serving.api.response_models import LivenessView, PolicyChecked, PolicyView
from heed.serving.auth.routes import requires
from heed.serving.auth.scopes import Scope
from heed.serving.replay.policy_diff import PolicyDiff
from heed.serving.schemas.policy_requests import PolicyDiffRequest, PolicyText

router = APIRouter(prefix="/v1/policy", tags=["policy"], dependencies=[Depends(reject_unknown_params)])

Text = Annotated[PolicyText, json_body(PolicyText)]
Compare = Annotated[PolicyDiffRequest, json_body(PolicyDiffRequest)]


@router.get("", summary="The active policy")
@requires(Scope.POLICY)
async def policy(services: UseCases) -> PolicyView:
    """Name, hash and rules of the active policy, a rejected policy file, and the model's certificate."""
    return policy_view(services.policy.active())


@router.get("/liveness", summary="How often rules triggered, and which have stopped")
@requires(Scope.POLICY)
async def liveness(services: UseCases) -> LivenessView:
    """Counts per rule of the active policy, and when it last triggered."""
    return liveness_view(services.policy.rule_activity())


@router.post("/reload", summary="Reload the policy file")
@requires(Scope.CHANGE_POLICY)
async def reload(services: UseCases) -> PolicyView:
    """Activate the policy file if it changed; an invalid one leaves the previous policy active."""
    return policy_view(await asyncio.to_thread(services.policy.reload))


@router.post("/check", summary="Check a policy text")
@requires(Scope.POLICY)
async def check(body: Text, services: UseCases) -> PolicyChecked:
    """Validate a policy as if it were activated, with every fault, and lint it."""
    return checked_view(await asyncio.to_thread(services.policy.check, body.policy))


@router.post("/diff", summary="What another policy would have done")
@requires(Scope.POLICY)
async def difference(body: Compare, services: UseCases) -> PolicyDiff:
    """Replay recorded decisions under both policies; where the record cannot support a result, it says so."""
    return await asyncio.to_thread(services.policy.diff, body)
