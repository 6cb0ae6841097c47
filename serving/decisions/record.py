"""The record of a decision before it is committed: its request, answer, reservation and outbox message."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Contact, ContactState, Facts, Volume
from heed.decisioning.decision import Decision, Disposition
from heed.guardrails.recheck import PlannedAct, Stage, recheck
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
    evaluated: Evaluated,
    answer: DecisionAnswer,
    source: DecisionInput,
    *,
    review_time: timedelta,
    deployment: VersionSource,
    clock: MonotonicClock,
) -> NewDecision:
    """Everything the ledger records of a decision in one transaction.

    Parameters
    ----------
    review_time : timedelta
        How long a review case stays open.
    deployment, clock
        For the recheck inside the transaction.
    """
    action, chosen = selected_action(evaluated), answer.action
    versions = evaluated.in_force.versions
    now = evaluated.facts.now
    return NewDecision(
        decision_id=answer.decision_id,
        customer_id=answer.customer_id,
        seen_version=evaluated.known.version,
        client=source.caller.client,
        idempotency_key=source.caller.key,
        fingerprint=source.fingerprint,
        at=now,
        disposition=answer.disposition,
        action_id=None if chosen is None else chosen.action_id,
        proposed_action_id=answer.proposed_action_id,
        answer=encode(answer),
        receipt=receipt.pack(evaluated.facts, source.request, versions),
        model_version=versions.model.version,
        policy_hash=versions.policy.hash,
        reservation_id=None if chosen is None else chosen.reservation_id,
        reservation=None if action is None or chosen is None else new_reservation(action, now),
        cost=0.0 if action is None else action.cost,
        review=_case(answer, now + review_time),
        outbox=None if action is None else _message(answer, action),
        still_allowed=None if action is None else recheck_at_commit(evaluated, action, deployment, clock),
        windows=evaluated.in_force.windows,
        forecast=None if action is None or chosen is None else _forecast(evaluated.decision, action, now),
    )


def new_reservation(action: Action, at: datetime) -> Contact:
    """A reserved contact slot for this action; it counts towards every cap from this moment."""
    return Contact(
        action_id=action.action_id,
        channel=action.channel,
        purpose=action.purpose,
        category=action.category,
        at=at,
        message_class=action.message_class,
        state=ContactState.RESERVED,
    )


def outbox_message(
    decision_id: str, customer_id: str, action: Action, contact_point: str | None, reservation_id: str
) -> str:
    """The JSON for an executor: what to send, where, and the reservation to settle afterwards."""
    message = {
        "decision_id": decision_id,
        "reservation_id": reservation_id,
        "customer_id": customer_id,
        "action_id": action.action_id,
        "channel": action.channel,
        "purpose": action.purpose,
        "contact_point": contact_point,
    }
    return encode(message).decode()


def _case(answer: DecisionAnswer, expires_at: datetime) -> NewReview | None:
    return None if answer.review_id is None else NewReview(answer.review_id, expires_at, answer.shortfall)


def recheck_at_commit(
    evaluated: Evaluated, action: Action, deployment: VersionSource, clock: MonotonicClock
) -> StillAllowed:
    """A recheck of the guardrails inside the commit transaction.

    It fails if the policy or the catalogue has changed since the decision, or while the clock is behind.
    """
    decided_under = evaluated.in_force
    by_person = evaluated.decision.disposition is Disposition.REVIEW
    act = PlannedAct(action.action_id, evaluated.decision.contact_point, by_person, decided_under.windows)

    def check(now: datetime, volumes: tuple[Volume, ...] | None) -> bool:
        clock.require()
        present, then = deployment.current().versions, decided_under.versions
        if (present.policy, present.catalogue) != (then.policy, then.catalogue):
            return False
        return recheck(Stage.COMMIT, act, decided_under, replace(evaluated.facts, now=now, volumes=volumes)).allowed

    return check


def _forecast(decision: Decision, action: Action, now: datetime) -> Forecast | None:
    chosen = next(candidate for candidate in decision.candidates if candidate.action_id == action.action_id)
    if chosen.propensity is None:
        return None
    return Forecast(action.outcome, chosen.propensity, now + timedelta(days=action.window_days))


def selected_action(evaluated: Evaluated) -> Action | None:
    """The action of an act or a review; a hold has none."""
    if evaluated.decision.disposition is Disposition.HOLD:
        return None
    action_id = evaluated.decision.action_id or evaluated.decision.proposed_action_id
    return None if action_id is None else evaluated.in_force.catalogue.by_id[action_id]


def chosen_action(action: Action, decision: Decision, reservation_id: str) -> ChosenAction:
    """What an act names to its caller."""
    return ChosenAction(action.action_id, action.channel, decision.contact_point, reservation_id)


def _message(answer: DecisionAnswer, action: Action) -> str | None:
    if answer.action is None:
        return None
    chosen = answer.action
    return outbox_message(answer.decision_id, answer.customer_id, action, chosen.contact_point, chosen.reservation_id)
