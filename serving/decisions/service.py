"""A decision from request to committed answer. It reads the facts, evaluates them and records the result."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import uuid_utils

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Customer, Facts
from heed.decisioning.decide import decide
from heed.decisioning.decision import Decision, Disposition, Explain
from heed.decisioning.errors import HeedError, Unavailable
from heed.serving.decisions.checked_scorer import CheckedScorer, ModelHealth
from heed.serving.decisions.customer_lock import KeyedLock
from heed.serving.decisions.record import Caller, DecisionInput, Evaluated, chosen_action, new_decision, selected_action
from heed.serving.decisions.score import score_answer
from heed.serving.deployment.active_versions import ActiveVersions, VersionSource
from heed.serving.errors import StaleFacts
from heed.serving.http.problems import problem_from_error
from heed.serving.ledger.facts.snapshot import CustomerSnapshot
from heed.serving.ledger.ledger import Ledger
from heed.serving.monotonic_clock import MonotonicClock
from heed.serving.observability.observer import ObservedDecision, Observer
from heed.serving.observability.timings import ANSWER, COMMIT, FACTS, QUEUE, SCORES, VERDICTS, StageTimings
from heed.serving.replay.artifacts import artifacts_of
from heed.serving.schemas.decision_requests import DecideBatchRequest, DecideRequest, InlineCustomer, ScoreRequest
from heed.serving.schemas.responses import ChosenAction, DecisionAnswer, ScoreAnswer, Versions, decision_answer

# Facts change between reading and committing only in a burst for one customer. A change of policy does not count as
# a try: the request's time limit bounds those.
_TRIES = 4
_BATCH_WIDTH = 32


def new_id() -> str:
    """A UUID of version 7 (RFC 9562): unique, and in order of time."""
    return str(uuid_utils.uuid7())


class DecisionService:
    """Makes decisions and scores on the ledger's facts.

    Parameters
    ----------
    ledger : Ledger
        Facts in, decisions out; committed before any answer.
    deployment : VersionSource
        Model, policy and catalogue in force.
    clock : MonotonicClock
        The present moment, with an offset, which does not go back.
    review_time : timedelta
        How long a review case stays open before it expires to hold.
    observer : Observer
        Receives every decision made.
    identify : callable
        Makes ids.
    patience : float
        Seconds after which a request ends in an error; what it wrote by then stays written.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        deployment: VersionSource,
        clock: MonotonicClock,
        review_time: timedelta,
        observer: Observer,
        identify: Callable[[], str] = new_id,
        patience: float = 5.0,
    ) -> None:
        self.ledger = ledger
        self.deployment = deployment
        self.clock = clock
        self._review_time = review_time
        self._identify = identify
        self.observer = observer
        self._patience = patience
        self._customer_locks = KeyedLock(patience / 2)
        self.model = ModelHealth()
        self._pinned: set[Versions] = set()

    async def decide(self, request: DecideRequest, caller: Caller) -> bytes:
        """The answer to one request, in the ledger before it is returned.

        Raises
        ------
        InvalidInput
            If a candidate is not in the catalogue.
        KeyReused
            If the caller's key came with another request before.
        InFlight
            If the first request under the caller's key is still being answered.
        Unavailable
            If the model, the policy or the ledger is down. Nothing was recorded as an act.
        """
        fingerprint = _fingerprint(request)
        if caller.key is None:
            return await self._decided_for(request, caller, fingerprint)
        find = partial(self.ledger.idempotency_keys.find, caller.client, caller.key, fingerprint)
        stored = await self.ledger.run_blocking(find)
        if stored is not None:
            return stored.answer
        async with self.ledger.idempotency_keys.hold(caller.client, caller.key):
            return await self._decided_for(request, caller, fingerprint)

    def answer(self, decision_id: str) -> bytes:
        """The recorded answer of one decision, byte for byte."""
        return self.ledger.decisions.get(decision_id).answer

    def answers(self, customer_id: str, limit: int) -> bytes:
        """The recorded answers of one customer as a JSON page, newest first."""
        records = self.ledger.decisions.list(customer_id, limit=limit)
        return b'{"decisions":[' + b",".join(record.answer for record in records) + b"]}"

    @property
    def customers_in_progress(self) -> int:
        """How many customers are decided about now, or wait for it."""
        return len(self._customer_locks)

    async def _decided_for(self, request: DecideRequest, caller: Caller, fingerprint: str) -> bytes:
        stages = StageTimings()
        async with self._customer_locks.hold(request.customer_id), asyncio.timeout(self._patience):
            stages.lap(QUEUE)
            return await self._in_turn(request, caller, fingerprint, stages)

    async def _in_turn(self, request: DecideRequest, caller: Caller, fingerprint: str, stages: StageTimings) -> bytes:
        tries = 0
        while tries < _TRIES:
            self.clock.require()
            active = self.deployment.refresh()
            await self._pin(active)
            evaluated = await self._evaluate(request, active, stages)
            try:
                return await self._commit(evaluated, request, caller, fingerprint, stages)
            except StaleFacts:
                tries += self.deployment.current() is active
        raise Unavailable(
            "the customer's facts kept changing while heed decided", field="customer_id", remedy="ask again in a moment"
        )

    async def decide_batch(self, batch: DecideBatchRequest, caller: Caller) -> bytes:
        """Answers in the order of the requests, each a decision or a problem of its own."""
        width = asyncio.Semaphore(_BATCH_WIDTH)

        async def decide_item(index: int, request: DecideRequest) -> bytes:
            key = None if caller.key is None else f"{caller.key}#{index}"
            async with width:
                return await self._answered(request, replace(caller, key=key))

        parts = await asyncio.gather(*(decide_item(index, request) for index, request in enumerate(batch.requests)))
        return b'{"results":[' + b",".join(parts) + b"]}"

    async def score(self, request: ScoreRequest) -> ScoreAnswer:
        """Scores and contributions: no verdicts, no ledger, no side effects."""
        active = self.deployment.refresh()
        now = self.clock()
        known = await self.ledger.run_blocking(partial(self.ledger.customers.snapshot, request.customer_id))
        facts = Facts(with_inline_customer(known.customer, request.customer), now, request.context)
        checked = replace(active, scorer=CheckedScorer(active.scorer, self.model))
        return score_answer(facts, active.offered(request.candidates, now), checked, request.explain)

    def trouble(self) -> str | None:
        """Why the active model cannot score, or None; after a failure it is tried again."""
        if self.model.trouble is None:
            return None
        active = self.deployment.current()
        nobody = Facts(Customer("nobody"), self.clock())
        try:
            CheckedScorer(active.scorer, self.model).score(nobody, active.catalogue.actions[:1])
        except HeedError:
            return self.model.trouble
        return None

    async def _answered(self, request: DecideRequest, caller: Caller) -> bytes:
        try:
            return b'{"decision":' + await self.decide(request, caller) + b',"problem":null}'
        except (HeedError, TimeoutError) as error:
            return b'{"decision":null,"problem":' + problem_from_error(error).encoded() + b"}"

    async def _pin(self, active: ActiveVersions) -> None:
        """Store the policy and the catalogue in the ledger before the first decision that names them."""
        if active.versions not in self._pinned:
            await asyncio.shield(self.ledger.artifacts.keep(artifacts_of(active)))
            self._pinned.add(active.versions)

    async def _evaluate(self, request: DecideRequest, active: ActiveVersions, stages: StageTimings) -> Evaluated:
        known, facts = await self.ledger.run_blocking(partial(self._facts, request, active))
        actions = active.offered(request.candidates, facts.now)
        stages.lap(FACTS)
        decision = self._decided(facts, actions, active, request.explain, stages)
        stages.lap(VERDICTS)
        return Evaluated(facts, known, decision, active)

    def _facts(self, request: DecideRequest, active: ActiveVersions) -> tuple[CustomerSnapshot, Facts]:
        known = self.ledger.customers.snapshot(request.customer_id)
        now = self.clock()
        windows = active.windows
        volumes = None if windows is None else self.ledger.facts.volumes(windows)
        customer = with_inline_customer(known.customer, request.customer)
        return known, Facts(customer, now, request.context, volumes, self.ledger.kill_switch.active())

    def _decided(
        self,
        facts: Facts,
        actions: tuple[Action, ...],
        active: ActiveVersions,
        explain: Explain,
        stages: StageTimings,
    ) -> Decision:
        try:
            return decide(
                facts,
                actions,
                scorer=CheckedScorer(active.scorer, self.model, partial(stages.lap, SCORES)),
                guard=active.guard,
                currency=active.catalogue.currency,
                explain=explain,
            )
        except HeedError:
            raise
        except Exception as error:
            # Its text may hold what is known of the customer, and is not repeated.
            raise Unavailable(
                f"the policy fails: judging raised {type(error).__name__}", field="policy", remedy="change the policy"
            ) from error

    async def _commit(
        self, evaluated: Evaluated, request: DecideRequest, caller: Caller, fingerprint: str, stages: StageTimings
    ) -> bytes:
        action = selected_action(evaluated)
        acts = evaluated.decision.disposition is Disposition.ACT
        chosen = chosen_action(action, evaluated.decision, self._identify()) if action is not None and acts else None
        review_id = self._identify() if evaluated.decision.disposition is Disposition.REVIEW else None
        answer = self._answer(evaluated, chosen, review_id)
        source = DecisionInput(request, caller, fingerprint)
        ready = new_decision(
            evaluated, answer, source, review_time=self._review_time, deployment=self.deployment, clock=self.clock
        )
        stages.lap(ANSWER)
        committed = await asyncio.shield(self.ledger.decisions.commit(ready))
        stages.lap(COMMIT)
        active = evaluated.in_force
        observed = (evaluated.decision, evaluated.facts.now, active.policy, active.versions, stages)
        self.observer.record(ObservedDecision(committed.decision_id, *observed, committed.replayed))
        return committed.answer

    def _answer(self, evaluated: Evaluated, chosen: ChosenAction | None, review_id: str | None) -> DecisionAnswer:
        return decision_answer(
            evaluated.decision,
            decision_id=self._identify(),
            at=evaluated.facts.now,
            customer_id=evaluated.facts.customer.customer_id,
            customer_known=evaluated.known.exists,
            action=chosen,
            review_id=review_id,
            currency=evaluated.in_force.catalogue.currency,
            level=evaluated.in_force.level,
            versions=evaluated.in_force.versions,
        )


def with_inline_customer(customer: Customer, inline: InlineCustomer | None) -> Customer:
    """The customer on record overlaid with the request's inline customer; consent comes from the record alone."""
    if inline is None:
        return customer
    return replace(
        customer,
        attributes={**customer.attributes, **inline.attributes},
        time_zone=inline.time_zone or customer.time_zone,
        jurisdiction=inline.jurisdiction or customer.jurisdiction,
    )


def _fingerprint(request: DecideRequest) -> str:
    return hashlib.sha256(request.model_dump_json().encode()).hexdigest()
