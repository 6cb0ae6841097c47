"""The policy: the one in force, the one in its file, and what another would do."""

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends

from guardrails.loading import parse_policy
from serving.api.bodies import body_of, documented
from serving.api.pages import LivenessView, PolicyChecked, PolicyView
from serving.api.parameters import only_declared
from serving.api.policy_pages import checked, liveness_view, view
from serving.replay.policy_diff import PolicyDiff, compared
from serving.requests.policy import PolicyDiffRequest, PolicyText
from serving.runtime import Runtime, runtime

router = APIRouter(prefix="/v1/policy", tags=["policy"], dependencies=[Depends(only_declared)])

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
    return liveness_view(running.standby.current().policy, running.metrics.liveness)


@router.post("/reload", summary="Read the policy file now")
async def reload(running: Running) -> PolicyView:
    """Let the policy file take effect if it changed; one that is no policy leaves the policy before it in force."""
    await asyncio.to_thread(running.standby.reload)
    return _in_force(running)


@router.post("/check", summary="Check a policy text", openapi_extra=documented(PolicyText))
async def check(body: Text, running: Running) -> PolicyChecked:
    """Read a policy as if it were to take effect, name every fault, and tell what it can hardly be meant to do."""
    return await asyncio.to_thread(checked, body.policy, running.standby.current(), running.engine.clock())


@router.post("/diff", summary="What another policy would have done", openapi_extra=documented(PolicyDiffRequest))
async def difference(body: Compare, running: Running) -> PolicyDiff:
    """Make recorded decisions again under both policies; where the record does not support an answer, it says so."""
    return await asyncio.to_thread(_compared, body, running)


def _compared(body: PolicyDiffRequest, running: Runtime) -> PolicyDiff:
    in_force = running.standby.current()
    old = in_force if body.old is None else in_force.under(parse_policy(body.old, source="old"))
    new = in_force.under(parse_policy(body.policy))
    since = body.since or running.engine.clock() - _LOOK_BACK
    found = running.ledger.recorded(since, limit=body.limit + 1)
    return compared(found[: body.limit], old, new, since, by=body.by, truncated=len(found) > body.limit)


def _in_force(running: Runtime) -> PolicyView:
    in_force = running.standby.current()
    return view(in_force.policy, in_force.certificate, running.standby.refused)
