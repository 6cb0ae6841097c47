"""The record of a decision before it is committed: who asked, what was answered, what it sets in motion."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from decisioning.catalogue import Action
from decisioning.customer import Facts, Volume
from decisioning.decision import Decision, Disposition
from decisioning.verdict import Effect, combined
from serving.answer import ChosenAction, DecisionAnswer, encode
from serving.deciding.executing import executable
from serving.deciding.reserving import reserved
from serving.deciding.steady_clock import SteadyClock
from serving.in_force.in_force import InForce, Standing
from serving.ledger.records import Draft, Forecast, Known, ReviewDraft, StillAllowed
from serving.replay import receipt
from serving.requests.deciding import DecideRequest


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and the key under which a retry is the same request."""

    client: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """One decision on one state of the facts, ready to be committed."""

    facts: Facts
    known: Known
    decision: Decision
    in_force: InForce


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, by whom, and a digest of it."""

    request: DecideRequest
    caller: Caller
    fingerprint: str


def draft(
    made: Made,
    answer: DecisionAnswer,
    asked: Asked,
    *,
    review_time: timedelta,
    standing: Standing,
    clock: SteadyClock,
) -> Draft:
    """Everything that the ledger is to record of a decision, in one transaction.

    Parameters
    ----------
    review_time : timedelta
        How long a review case stays open.
    standing, clock
        What the second look, inside the transaction, goes by.
    """
    action, chosen = named(made), answer.action
    versions = made.in_force.versions
    now = made.facts.now
    return Draft(
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
        reservation=None if action is None or chosen is None else reserved(action, now),
        cost=0.0 if action is None else action.cost,
        review=_case(answer, now + review_time),
        outbox=None if action is None else _message(answer, action),
        still_allowed=None if action is None else still_allowed(made, action, standing, clock),
        windows=made.in_force.windows,
        forecast=None if action is None or chosen is None else _forecast(made.decision, action, now),
    )


def _case(answer: DecisionAnswer, expires_at: datetime) -> ReviewDraft | None:
    return None if answer.review_id is None else ReviewDraft(answer.review_id, expires_at, answer.shortfall)


def still_allowed(made: Made, action: Action, standing: Standing, clock: SteadyClock) -> StillAllowed:
    """The guard on the chosen action once more, for the moment of the commit: an act must still be allowed outright.

    Under another policy than the one it was made under nothing is allowed: it has to be made again. While the clock is
    behind nothing is allowed at all.
    """
    refused = {Effect.SUPPRESS} if made.decision.disposition is Disposition.REVIEW else {Effect.SUPPRESS, Effect.REVIEW}

    def check(now: datetime, volumes: tuple[Volume, ...] | None) -> bool:
        clock.require()
        if standing.current().versions.policy != made.in_force.versions.policy:
            return False
        facts = replace(made.facts, now=now, volumes=volumes)
        return combined(made.in_force.guard.verdicts(facts, (action,))[0]) not in refused

    return check


def _forecast(decision: Decision, action: Action, now: datetime) -> Forecast | None:
    chosen = next(one for one in decision.candidates if one.action_id == action.action_id)
    if chosen.propensity is None:
        return None
    return Forecast(action.outcome, chosen.propensity, now + timedelta(days=action.window_days))


def named(made: Made) -> Action | None:
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
    return executable(answer.decision_id, answer.customer_id, action, chosen.contact_point, chosen.reservation_id)
