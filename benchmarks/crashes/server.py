"""A heed that decides about a few actions by a model that likes them all, in the shortest time from start to answer.

``python -m benchmarks.crashes.server HOME PORT honest|hasty``

Everything but the model is as it serves. The hasty one answers before it commits, as nobody should: it shows that the
checker can tell.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvicorn

from benchmarks.crashes.offers import ACTIONS, POLICY
from heed.serving.app import make_app
from heed.serving.bootstrap import bootstrap
from heed.serving.ledger.decisions.commit import NewDecision
from heed.serving.ledger.decisions.idempotency import CommitResult
from heed.serving.ledger.ledger import Decisions
from heed.serving.settings import Settings
from heed.testing.server import versions_of
from heed.testing.stub_model import StubScorer

_LATE_SECONDS = 0.05


def main() -> None:
    """Serve until killed."""
    home, port, manner = sys.argv[1:]
    if manner == "hasty":
        answer_before_commit()
    settings = Settings(home=Path(home))
    app = make_app(lambda: bootstrap(settings, load=lambda: versions_of(POLICY, ACTIONS, StubScorer())))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


def answer_before_commit() -> None:
    """Let every decision be recorded a little after its answer is given."""
    commit, kept = Decisions.commit, set[asyncio.Task[Any]]()

    async def late(self: Decisions, draft: NewDecision) -> None:
        await asyncio.sleep(_LATE_SECONDS)
        await commit.__get__(self, Decisions)(draft)

    async def hasty(self: Decisions, draft: NewDecision) -> CommitResult:
        task = asyncio.create_task(late(self, draft))
        kept.add(task)
        task.add_done_callback(kept.discard)
        return CommitResult(draft.decision_id, draft.answer, replayed=False)

    Decisions.commit = hasty  # type: ignore[assignment]


if __name__ == "__main__":
    main()
