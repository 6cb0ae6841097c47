"""Playing a world: day by day, what was decided, what customers did, and what the next day starts from."""

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
# Of those who opt out, the share who object on every channel at once.
OBJECTS_TO_ALL = 0.25


def initial_state(seed: int, people: Population, permissions: Permissions) -> WorldState:
    """The board before the first day: everyone rested, activity at its quiet mean, withdrawals still to come."""
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
    """Activity to which a customer settles when not in the market."""
    return (people.visit_rate + people.app_rate) * ACTIVITY_KEPT / (1.0 - ACTIVITY_KEPT)


def world_constants(people: Population, calendar: Calendar, vectors: Floats) -> WorldConstants:
    """All that a day needs and that no day changes."""
    return WorldConstants(
        people,
        calendar,
        vectors,
        logging_policy.heuristic_scores(people),
        logging_policy.eligible_actions(people),
        validity_spans(calendar),
    )


def simulate_days(
    seed: int, stage: WorldConstants, board: WorldState
) -> Iterator[tuple[DayDecisions, behavior.Signals]]:
    """Play every day of the calendar, changing `board`, and yield its decisions and its signals."""
    draw = named_generator(seed, "play")
    for day, midnight in enumerate(stage.calendar.midnights()):
        turn = decide_day(stage, board, day, midnight, draw)
        yield turn, advance_day(stage, board, turn, day, midnight, draw)


def advance_day(
    stage: WorldConstants, board: WorldState, turn: DayDecisions, day: int, midnight: int, draw: np.random.Generator
) -> behavior.Signals:
    """Let one day pass on the board, with the day's contacts on it, and return its signals."""
    browsed, own = behavior.browse(stage.people, board.busy, midnight, draw)
    sent = _sent(turn)
    bought = turn.converted_at < NEVER
    board.activity = ACTIVITY_KEPT * (board.activity + own)
    board.busy = behavior.next_busy(board.busy, draw)
    board.contacts[day % FATIGUE_DAYS] = np.bincount(sent.who, minlength=len(stage.people))
    board.last_contact[sent.who] = day
    apply_opt_outs(board.permissions, turn, draw)
    return behavior.concat_signals(
        browsed,
        behavior.react(stage.people, sent, draw),
        behavior.purchases(turn.situation.who[bought], turn.converted_at[bought], turn.value[bought]),
    )


def _sent(turn: DayDecisions) -> behavior.SentContacts:
    contacted = turn.action != HOLD_INDEX
    situation = turn.situation
    log_odds = np.log(turn.propensity / (1.0 - turn.propensity)) - np.log(turn.resting / (1.0 - turn.resting))
    return behavior.SentContacts(
        who=situation.who[contacted],
        at=situation.at[contacted],
        action=turn.action[contacted],
        lift=log_odds[contacted],
        converted=(turn.converted_at < NEVER)[contacted],
    )


def apply_opt_outs(permissions: Permissions, turn: DayDecisions, draw: np.random.Generator) -> None:
    """Turn harm into withdrawn consent for marketing: on the channel used, or for some who opt out on all."""
    taken_back = permissions.withdrawn_at[:, :, PURPOSES.index("marketing")]
    harmed = np.flatnonzero(turn.harmed_at < NEVER)
    everywhere = (turn.harm_kind[harmed] == OPT_OUT) & (draw.random(len(harmed)) < OBJECTS_TO_ALL)
    used = CHANNEL_OF[turn.action[harmed]]
    for channel in range(len(CHANNELS)):
        reached = permissions.reachable[turn.situation.who[harmed], channel]
        said = harmed[(everywhere | (used == channel)) & reached]
        who = turn.situation.who[said]
        taken_back[who, channel] = np.minimum(taken_back[who, channel], turn.harmed_at[said])
