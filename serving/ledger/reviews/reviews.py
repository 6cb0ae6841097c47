"""The queue of cases that a person must decide."""

from datetime import datetime, timedelta
from functools import partial

from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.facts.lock_keys import of_overdue_reviews, of_review
from heed.serving.ledger.reviews import read, transitions
from heed.serving.ledger.reviews.cases import Execution, ReviewCase, ReviewEvent, ReviewSort, ReviewState
from heed.serving.ledger.reviews.refusal import unless_refused
from heed.serving.ledger.reviews.transitions import LEASE, Allowed


class Reviews(Repository):
    """Cases are claimed, settled by who holds the claim, or expire to hold."""

    def reviews(
        self,
        state: ReviewState = ReviewState.OPEN,
        *,
        limit: int = 50,
        order: ReviewSort = ReviewSort.OLDEST,
    ) -> tuple[ReviewCase, ...]:
        """Cases in a state, oldest first; or the open ones in which a person is expected to save most."""
        now = self._database.moment()
        return self._database.read(partial(read.reviews, now=now, state=state, limit=limit, order=order))

    def review(self, review_id: str) -> ReviewCase:
        """One case."""
        return self._database.read(partial(transitions.find, now=self._database.moment(), review_id=review_id))

    def review_events(self, review_id: str) -> tuple[ReviewEvent, ...]:
        """What happened to one case, in order."""
        return self._database.read(partial(read.review_events, now=self._database.moment(), review_id=review_id))

    async def claim(self, review_id: str, reviewer: str, *, lease: timedelta = LEASE) -> ReviewCase:
        """Take a case; the fence it returns is needed for the verdict."""
        work = partial(transitions.claim, review_id=review_id, reviewer=reviewer, lease=lease)
        return await self._database.write(work, of_review(review_id))

    async def release(self, review_id: str, reviewer: str, fence: int) -> ReviewCase:
        """Put a claimed case back."""
        work = partial(transitions.release, review_id=review_id, reviewer=reviewer, fence=fence)
        return await self._database.write(work, of_review(review_id))

    async def approve(
        self,
        review_id: str,
        reviewer: str,
        fence: int,
        *,
        execution: Execution,
        allowed: Allowed,
        note: str | None = None,
    ) -> ReviewCase:
        """Set the proposed action in motion; `Refused` where a guardrail forbids it now."""
        return await self._execute(ReviewState.APPROVED, review_id, reviewer, fence, execution, allowed, note)

    async def override(
        self,
        review_id: str,
        reviewer: str,
        fence: int,
        *,
        execution: Execution,
        allowed: Allowed,
        note: str | None = None,
    ) -> ReviewCase:
        """Set another action in motion; `Refused` where a guardrail forbids it now."""
        return await self._execute(ReviewState.OVERRIDDEN, review_id, reviewer, fence, execution, allowed, note)

    async def reject(self, review_id: str, reviewer: str, fence: int, *, note: str | None = None) -> ReviewCase:
        """Hold."""
        work = partial(transitions.reject, review_id=review_id, reviewer=reviewer, fence=fence, note=note)
        return await self._database.write(work, of_review(review_id))

    async def expire_reviews(self, now: datetime | None = None) -> int:
        """Settle every case whose time has run out as hold; how many there were."""
        by = self._database.moment() if now is None else now
        return await self._database.write(partial(transitions.expire, by=by), of_overdue_reviews(micros(by)))

    async def _execute(
        self,
        verdict: ReviewState,
        review_id: str,
        reviewer: str,
        fence: int,
        execution: Execution,
        allowed: Allowed,
        note: str | None,
    ) -> ReviewCase:
        work = partial(
            transitions.execute,
            review_id=review_id,
            reviewer=reviewer,
            fence=fence,
            verdict=verdict,
            execution=execution,
            allowed=allowed,
            note=note,
        )
        locks = of_review(review_id, counted=execution.windows is not None)
        return unless_refused(await self._database.write(work, locks))
