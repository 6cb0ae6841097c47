"""Where the time of one decision goes, stage by stage, in one process without HTTP."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

import lightgbm

from benchmarks.online_home import Prepared
from heed.decisioning.customer import Facts
from heed.decisioning.decide import decide
from heed.serving.bootstrap import bootstrap, now
from heed.serving.decisions.record import Caller
from heed.serving.garbage_collection import tune_gc
from heed.serving.replay import receipt
from heed.serving.runtime import Runtime
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.settings import Settings

T = TypeVar("T")
_WARM, _COUNTED = 50, 400


def stages(settings: Settings, home: Prepared) -> dict[str, list[float]]:
    """Seconds of each stage, one entry per decision, every one of another customer."""
    running = bootstrap(settings.model_copy(update={"model": str(home.bundle)}))
    running.deployment.try_load()
    tune_gc()
    try:
        return asyncio.run(_measured(running, home))
    finally:
        running.ledger.close()


async def _measured(running: Runtime, home: Prepared) -> dict[str, list[float]]:
    in_force = running.deployment.current()
    booster = lightgbm.Booster(model_file=home.bare / "booster.txt")
    took: dict[str, list[float]] = {}
    scorer, guard = in_force.scorer, in_force.guard

    def lap(name: str, call: Callable[[], T]) -> T:
        began = perf_counter()
        result = call()
        took.setdefault(name, []).append(perf_counter() - began)
        return result

    for customer_id in (home.customer_ids * 3)[: _WARM + _COUNTED]:
        request = lap("parse", lambda c=customer_id: DecideRequest.model_validate_json(f'{{"customer_id":"{c}"}}'))
        known = lap("read facts from the ledger", lambda c=customer_id: running.ledger.customers.snapshot(c))
        facts = Facts(known.customer, now())
        actions = in_force.catalogue.valid_at(facts.now)
        rows = lap("features", lambda f=facts, a=actions: scorer.assembler.matrix(f, a, hold=True))
        lap("(LightGBM predict on the same rows)", lambda r=rows: booster.predict(r, num_threads=1))
        scores = lap("scores, features included", lambda f=facts, a=actions: scorer.score(f, a))
        lap("verdicts", lambda f=facts, a=actions: guard.verdicts(f, a))
        lap("explanation of one", lambda s=scores: s.explain([0]))
        lap("the whole pure decision", lambda f=facts, a=actions: decide(f, a, scorer=scorer, guard=guard))
        lap("receipt", lambda f=facts, r=request: receipt.pack(f, r, in_force.versions))
        began = perf_counter()
        await running.services.decisions.decide(request, Caller("benchmark"))
        took.setdefault("everything, committed to disk", []).append(perf_counter() - began)
    return {name: seconds[_WARM:] for name, seconds in took.items()}
