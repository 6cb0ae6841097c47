"""The policy: the one in force, the one in its file, and what another would do."""

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


@router.get("", summary="The policy in force")
@requires(Scope.POLICY)
async def policy(services: UseCases) -> PolicyView:
    """Name, hash and rules of the policy in force, what the file says that was refused, and the model's certificate."""
    return policy_view(services.policy.active())


@router.get("/liveness", summary="What the rules have said, and which have fallen silent")
@requires(Scope.POLICY)
async def liveness(services: UseCases) -> LivenessView:
    """Counts per rule of the policy in force, with when it last objected."""
    return liveness_view(services.policy.rule_activity())


@router.post("/reload", summary="Read the policy file now")
@requires(Scope.CHANGE_POLICY)
async def reload(services: UseCases) -> PolicyView:
    """Let the policy file take effect if it changed; one that is no policy leaves the policy before it in force."""
    return policy_view(await asyncio.to_thread(services.policy.reload))


@router.post("/check", summary="Check a policy text")
@requires(Scope.POLICY)
async def check(body: Text, services: UseCases) -> PolicyChecked:
    """Read a policy as if it were to take effect, name every fault, and tell what it can hardly be meant to do."""
    return checked_view(await asyncio.to_thread(services.policy.check, body.policy))


@router.post("/diff", summary="What another policy would have done")
@requires(Scope.POLICY)
async def difference(body: Compare, services: UseCases) -> PolicyDiff:
    """Make recorded decisions again under both policies; where the record does not support an answer, it says so."""
    return await asyncio.to_thread(services.policy.diff, body)
