"""Run a simulation day by day: decisions, signals and the state of the next day."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from heed.training.simulator import behavior, logging_policy
from heed.training.simulator.calendar import Calendar
from heed.training.simulator.consent_arrays import NEVER, Permissions
from heed.training.simulator.daily_decisions import (
    OPT_OUT,
    REST_DAYS,
    DayDecisions,
    WorldConstants,
    WorldState,
    decide_day,
)
from heed.training.simulator.offer_catalogue import CHANNEL_OF, CHANNELS, HOLD_INDEX, PURPOSES, validity_spans
from heed.training.simulator.population import Population
from heed.training.simulator.rng import Floats, named_generator

FATIGUE_DAYS = 14
ACTIVITY_KEPT = 0.8
# Share of opt-outs that apply to every channel.
OBJECTS_TO_ALL = 0.25


def initial_state(seed: int, people: Population, permissions: Permissions) -> WorldState:
    """The state before the first day: no contacts yet, and baseline activity."""
    count = len(people)
    share = behavior.STARTS_A_DAY / (behavior.STARTS_A_DAY + behavior.STOPS_A_DAY)
    return WorldState(
        permissions=replace(permissions, withdrawn_at=permissions.withdrawn_at.copy()),
        busy=named_generator(seed, "moods").random(count) < share,
        activity=baseline_activity(people),
        contacts=np.zeros((FATIGUE_DAYS, count)),
        last_contact=np.full(count, -REST_DAYS, dtype=np.int64),
    )


def baseline_activity(people: Population) -> Floats:
    """Stationary activity of a customer outside the market."""
    return (people.visit_rate + people.app_rate) * ACTIVITY_KEPT / (1.0 - ACTIVITY_KEPT)


def world_constants(people: Population, calendar: Calendar, vectors: Floats) -> WorldConstants:
    """Compute the constants of a simulation."""
    return WorldConstants(
        people,
        calendar,
        vectors,
        logging_policy.heuristic_scores(people),
        logging_policy.eligible_actions(people),
        validity_spans(calendar),
    )


def simulate_days(
    seed: int, constants: WorldConstants, state: WorldState
) -> Iterator[tuple[DayDecisions, behavior.Signals]]:
    """Simulate every day, updating `state`, and yield the decisions and signals of each."""
    rng = named_generator(seed, "play")
    for day, midnight in enumerate(constants.calendar.midnights()):
        decisions = decide_day(constants, state, day, midnight, rng)
        yield decisions, advance_day(constants, state, decisions, day, midnight, rng)


def advance_day(
    constants: WorldConstants,
    state: WorldState,
    decisions: DayDecisions,
    day: int,
    midnight: int,
    rng: np.random.Generator,
) -> behavior.Signals:
    """Advance the state by one day with its contacts, and return the signals of the day."""
    browsed, own = behavior.browse(constants.people, state.busy, midnight, rng)
    sent = _sent(decisions)
    bought = decisions.converted_at < NEVER
    state.activity = ACTIVITY_KEPT * (state.activity + own)
    state.busy = behavior.next_busy(state.busy, rng)
    state.contacts[day % FATIGUE_DAYS] = np.bincount(sent.who, minlength=len(constants.people))
    state.last_contact[sent.who] = day
    apply_opt_outs(state.permissions, decisions, rng)
    return behavior.concat_signals(
        browsed,
        behavior.react(constants.people, sent, rng),
        behavior.purchases(decisions.situation.who[bought], decisions.converted_at[bought], decisions.value[bought]),
    )


def _sent(decisions: DayDecisions) -> behavior.SentContacts:
    contacted = decisions.action != HOLD_INDEX
    situation = decisions.situation
    log_odds = np.log(decisions.propensity / (1.0 - decisions.propensity)) - np.log(
        decisions.resting / (1.0 - decisions.resting)
    )
    return behavior.SentContacts(
        who=situation.who[contacted],
        at=situation.at[contacted],
        action=decisions.action[contacted],
        lift=log_odds[contacted],
        converted=(decisions.converted_at < NEVER)[contacted],
    )


def apply_opt_outs(permissions: Permissions, decisions: DayDecisions, rng: np.random.Generator) -> None:
    """Withdraw marketing consent after harm: on the channel used, or for some opt-outs on all channels."""
    withdrawn = permissions.withdrawn_at[:, :, PURPOSES.index("marketing")]
    harmed = np.flatnonzero(decisions.harmed_at < NEVER)
    everywhere = (decisions.harm_kind[harmed] == OPT_OUT) & (rng.random(len(harmed)) < OBJECTS_TO_ALL)
    used = CHANNEL_OF[decisions.action[harmed]]
    for channel in range(len(CHANNELS)):
        reached = permissions.reachable[decisions.situation.who[harmed], channel]
        rows = harmed[(everywhere | (used == channel)) & reached]
        who = decisions.situation.who[rows]
        withdrawn[who, channel] = np.minimum(withdrawn[who, channel], decisions.harmed_at[rows])
