"""The policy: the one in force, the one in its file, and what another would do."""

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends

from heed.guardrails.policy.load import parse_policy
from heed.serving.api.policy_views import checked_policy, liveness_view, policy_view
from heed.serving.api.query_params import reject_unknown_params
from heed.serving.api.request_body import body_of, request_body_schema
from heed.serving.api.response_models import LivenessView, PolicyChecked, PolicyView
from heed.serving.replay.policy_diff import PolicyDiff, compare_records
from heed.serving.runtime import Runtime, runtime
from heed.serving.schemas.policy_requests import PolicyDiffRequest, PolicyText

router = APIRouter(prefix="/v1/policy", tags=["policy"], dependencies=[Depends(reject_unknown_params)])

Running = Annotated[Runtime, Depends(runtime)]
Text = Annotated[PolicyText, Depends(body_of(PolicyText))]
Compare = Annotated[PolicyDiffRequest, Depends(body_of(PolicyDiffRequest))]

_LOOK_BACK = timedelta(days=30)


@router.get("", summary="The policy in force")
async def policy(running: Running) -> PolicyView:
    """Name, hash and rules of the policy in force, what the file says that was refused, and the model's certificate."""
    return _in_force(running)


@router.get("/liveness", summary="What the rules have said, and which have fallen silent")
async def liveness(running: Running) -> LivenessView:
    """Counts per rule of the policy in force, with when it last objected."""
    return liveness_view(running.deployment.current().policy, running.metrics.liveness)


@router.post("/reload", summary="Read the policy file now")
async def reload(running: Running) -> PolicyView:
    """Let the policy file take effect if it changed; one that is no policy leaves the policy before it in force."""
    await asyncio.to_thread(running.deployment.reload)
    return _in_force(running)


@router.post("/check", summary="Check a policy text", openapi_extra=request_body_schema(PolicyText))
async def check(body: Text, running: Running) -> PolicyChecked:
    """Read a policy as if it were to take effect, name every fault, and tell what it can hardly be meant to do."""
    return await asyncio.to_thread(checked_policy, body.policy, running.deployment.current(), running.engine.clock())


@router.post(
    "/diff", summary="What another policy would have done", openapi_extra=request_body_schema(PolicyDiffRequest)
)
async def difference(body: Compare, running: Running) -> PolicyDiff:
    """Make recorded decisions again under both policies; where the record does not support an answer, it says so."""
    return await asyncio.to_thread(_compared, body, running)


def _compared(body: PolicyDiffRequest, running: Runtime) -> PolicyDiff:
    in_force = running.deployment.current()
    old = in_force if body.old is None else in_force.under(parse_policy(body.old, source="old"))
    new = in_force.under(parse_policy(body.policy))
    since = body.since or running.engine.clock() - _LOOK_BACK
    found = running.ledger.recorded(since, limit=body.limit + 1)
    return compare_records(found[: body.limit], old, new, since, by=body.by, truncated=len(found) > body.limit)


def _in_force(running: Runtime) -> PolicyView:
    in_force = running.deployment.current()
    return policy_view(in_force.policy, in_force.certificate, running.deployment.refused)
