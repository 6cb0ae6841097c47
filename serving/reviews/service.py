"""Review cases, settled by people. Guardrails bind people too: a suppressed action cannot be approved."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import orjson

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.errors import InvalidInput
from heed.decisioning.verdict import Effect
from heed.guardrails.recheck import PlannedAct, Stage, recheck
from heed.serving.decisions.record import new_reservation, outbox_message
from heed.serving.decisions.service import with_inline_customer
from heed.serving.deployment.active_versions import ActiveVersions, VersionSource
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.reviews import Allowed, Execution, ReviewCase, ReviewSort, ReviewState
from heed.serving.monotonic_clock import MonotonicClock
from heed.serving.replay.receipt import unpack
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.schemas.review_requests import OverrideRequest, SettleRequest


class ReviewService:
    """Claims and settles review cases under the active policy.

    Parameters
    ----------
    clock : MonotonicClock
        The present moment, with an offset, which does not go back.
    identify : callable
        Makes ids.
    claim_lease : timedelta
        How long a claim lasts.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        deployment: VersionSource,
        clock: MonotonicClock,
        identify: Callable[[], str],
        claim_lease: timedelta,
    ) -> None:
        self._ledger = ledger
        self._deployment = deployment
        self._clock = clock
        self._identify = identify
        self._claim_lease = claim_lease

    def cases(self, state: ReviewState, *, limit: int, order: ReviewSort) -> tuple[ReviewCase, ...]:
        """Cases in one state, oldest first; or the open ones in which a person is expected to save most."""
        return self._ledger.reviews.list(state, limit=limit, order=order)

    def case(self, review_id: str) -> ReviewCase:
        """One case."""
        return self._ledger.reviews.get(review_id)

    async def claim(self, review_id: str, reviewer: str) -> ReviewCase:
        """Claim a case; the fence it returns is needed to settle it."""
        return await self._ledger.reviews.claim(review_id, reviewer, lease=self._claim_lease)

    async def release(self, review_id: str, reviewer: str, fence: int) -> ReviewCase:
        """Put a claimed case back into the queue."""
        return await self._ledger.reviews.release(review_id, reviewer, fence)

    async def reject(self, review_id: str, reviewer: str, verdict: SettleRequest) -> ReviewCase:
        """Settle a case as hold."""
        return await self._ledger.reviews.reject(review_id, reviewer, verdict.fence, note=verdict.note)

    async def expire(self) -> int:
        """Settle every case whose time has run out as hold; how many there were."""
        return await self._ledger.reviews.expire(self._clock())

    async def approve(self, review_id: str, reviewer: str, verdict: SettleRequest) -> ReviewCase:
        """Take the slot for the proposed action, if the guardrails still admit it at this moment.

        Raises
        ------
        Refused
            If a rule suppresses the action now; the case stays claimed.
        Conflict
            If the claim ran out or the case is settled.
        """
        execution, allowed = await self._ledger.run_blocking(partial(self._proposed, review_id))
        return await self._ledger.reviews.approve(
            review_id, reviewer, verdict.fence, execution=execution, allowed=allowed, note=verdict.note
        )

    async def override(self, review_id: str, reviewer: str, verdict: OverrideRequest) -> ReviewCase:
        """Take the slot for another candidate of the same decision that its rules did not suppress.

        Raises
        ------
        InvalidInput
            If the action was no admissible candidate of the decision.
        Refused, Conflict
            As for `approve`.
        """
        execution, allowed = await self._ledger.run_blocking(partial(self._another, review_id, verdict.action_id))
        return await self._ledger.reviews.override(
            review_id, reviewer, verdict.fence, execution=execution, allowed=allowed, note=verdict.note
        )

    def _proposed(self, review_id: str) -> tuple[Execution, Allowed]:
        case = self._ledger.reviews.get(review_id)
        active = self._deployment.refresh()
        return self._prepared(case, self._action(active, case.proposed_action_id), active)

    def _another(self, review_id: str, action_id: str) -> tuple[Execution, Allowed]:
        case = self._ledger.reviews.get(review_id)
        active = self._deployment.refresh()
        self._refuse_inadmissible(case, action_id)
        return self._prepared(case, self._action(active, action_id), active)

    def _prepared(self, case: ReviewCase, action: Action, active: ActiveVersions) -> tuple[Execution, Allowed]:
        reservation_id = self._identify()
        windows = active.windows
        request = self._original_request(case)
        facts = with_request(Facts(self._ledger.customers.snapshot(case.customer_id).customer, self._clock()), request)
        point = active.guard.contact_point(facts, action)
        message = outbox_message(case.decision_id, case.customer_id, action, point, reservation_id)
        act = PlannedAct(action.action_id, point, by_person=True, windows=windows)

        def objection(fresh: Facts) -> str | None:
            self._clock.require()
            return recheck(Stage.APPROVAL, act, self._deployment.current(), with_request(fresh, request)).because

        reservation = new_reservation(action, self._clock())
        return Execution(reservation_id, reservation, message, action.cost, windows), objection

    def _original_request(self, case: ReviewCase) -> DecideRequest:
        """The original request, which only the receipt holds."""
        receipt = unpack(self._ledger.decisions.receipt(case.decision_id))
        return DecideRequest.model_validate_json(orjson.dumps(receipt.request))

    def _refuse_inadmissible(self, case: ReviewCase, action_id: str) -> None:
        candidates = orjson.loads(self._ledger.decisions.get(case.decision_id).answer)["candidates"]
        admissible = [
            candidate["action_id"]
            for candidate in candidates
            if candidate["effect"] != Effect.SUPPRESS and candidate["verdicts"]
        ]
        if action_id not in admissible:
            remedy = f"name one of {', '.join(admissible)}, or reject to hold"
            raise InvalidInput(
                "not an admissible candidate of this decision", field="action_id", value=action_id, remedy=remedy
            )

    def _action(self, active: ActiveVersions, action_id: str | None) -> Action:
        if action_id is None or action_id not in active.catalogue.by_id:
            remedy = "reject the case; the action is no longer in the catalogue"
            raise InvalidInput("unknown action", field="action_id", value=action_id, remedy=remedy)
        return active.catalogue.by_id[action_id]


def with_request(facts: Facts, request: DecideRequest) -> Facts:
    """Fresh facts, overlaid with the inline customer and context of the original request."""
    return replace(facts, customer=with_inline_customer(facts.customer, request.customer), context=request.context)
