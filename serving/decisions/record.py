"""The record of a decision before it is committed: who asked, what was answered, what it sets in motion."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts, Volume
from heed.decisioning.decision import Decision, Disposition
from heed.guardrails.recheck import PlannedAct, Stage, recheck
from heed.serving.decisions.outbox_message import outbox_message
from heed.serving.decisions.reservation import new_reservation
from heed.serving.deployment.active_versions import ActiveVersions, VersionSource
from heed.serving.ledger.decisions.commit import NewDecision, StillAllowed
from heed.serving.ledger.facts.snapshot import CustomerSnapshot
from heed.serving.ledger.operations.forecasts import Forecast
from heed.serving.ledger.reviews import NewReview
from heed.serving.monotonic_clock import MonotonicClock
from heed.serving.replay import receipt
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.schemas.responses import ChosenAction, DecisionAnswer, encode


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and the key under which a retry is the same request."""

    client: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One decision on one state of the facts, ready to be committed."""

    facts: Facts
    known: CustomerSnapshot
    decision: Decision
    in_force: ActiveVersions


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """One request, by whom, and a digest of it."""

    request: DecideRequest
    caller: Caller
    fingerprint: str


def new_decision(
    made: Evaluated,
    answer: DecisionAnswer,
    asked: DecisionInput,
    *,
    review_time: timedelta,
    deployment: VersionSource,
    clock: MonotonicClock,
) -> NewDecision:
    """Everything that the ledger is to record of a decision, in one transaction.

    Parameters
    ----------
    review_time : timedelta
        How long a review case stays open.
    deployment, clock
        For the recheck inside the transaction.
    """
    action, chosen = selected_action(made), answer.action
    versions = made.in_force.versions
    now = made.facts.now
    return NewDecision(
        decision_id=answer.decision_id,
        customer_id=answer.customer_id,
        seen_version=made.known.version,
        client=asked.caller.client,
        idempotency_key=asked.caller.key,
        fingerprint=asked.fingerprint,
        at=now,
        disposition=answer.disposition,
        action_id=None if chosen is None else chosen.action_id,
        proposed_action_id=answer.proposed_action_id,
        answer=encode(answer),
        receipt=receipt.pack(made.facts, asked.request, versions),
        model_version=versions.model.version,
        policy_hash=versions.policy.hash,
        reservation_id=None if chosen is None else chosen.reservation_id,
        reservation=None if action is None or chosen is None else new_reservation(action, now),
        cost=0.0 if action is None else action.cost,
        review=_case(answer, now + review_time),
        outbox=None if action is None else _message(answer, action),
        still_allowed=None if action is None else recheck_at_commit(made, action, deployment, clock),
        windows=made.in_force.windows,
        forecast=None if action is None or chosen is None else _forecast(made.decision, action, now),
    )


def _case(answer: DecisionAnswer, expires_at: datetime) -> NewReview | None:
    return None if answer.review_id is None else NewReview(answer.review_id, expires_at, answer.shortfall)


def recheck_at_commit(
    made: Evaluated, action: Action, deployment: VersionSource, clock: MonotonicClock
) -> StillAllowed:
    """Ask the guardrails once more inside the transaction of the commit.

    Under another policy or catalogue than those the decision was made under it has to be made again, and while the
    clock is behind nothing is allowed.
    """
    made_under = made.in_force
    by_person = made.decision.disposition is Disposition.REVIEW
    act = PlannedAct(action.action_id, made.decision.contact_point, by_person, made_under.windows)

    def check(now: datetime, volumes: tuple[Volume, ...] | None) -> bool:
        clock.require()
        present, then = deployment.current().versions, made_under.versions
        if (present.policy, present.catalogue) != (then.policy, then.catalogue):
            return False
        return recheck(Stage.COMMIT, act, made_under, replace(made.facts, now=now, volumes=volumes)).allowed

    return check


def _forecast(decision: Decision, action: Action, now: datetime) -> Forecast | None:
    chosen = next(one for one in decision.candidates if one.action_id == action.action_id)
    if chosen.propensity is None:
        return None
    return Forecast(action.outcome, chosen.propensity, now + timedelta(days=action.window_days))


def selected_action(made: Evaluated) -> Action | None:
    """The action of an act or a review; a hold has nothing to check again."""
    if made.decision.disposition is Disposition.HOLD:
        return None
    action_id = made.decision.action_id or made.decision.proposed_action_id
    return None if action_id is None else made.in_force.catalogue.by_id[action_id]


def chosen_action(action: Action, decision: Decision, reservation_id: str) -> ChosenAction:
    """What an act names to its caller."""
    return ChosenAction(action.action_id, action.channel, decision.contact_point, reservation_id)


def _message(answer: DecisionAnswer, action: Action) -> str | None:
    if answer.action is None:
        return None
    chosen = answer.action
    return outbox_message(answer.decision_id, answer.customer_id, action, chosen.contact_point, chosen.reservation_id)
