"""Playing a world: day by day, what was decided, what customers did, and what the next day starts from."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from training.world import behaviour, logging_policy
from training.world.catalogue import CHANNEL_OF, CHANNELS, HOLD_INDEX, PURPOSES, validity
from training.world.clock import Calendar
from training.world.consents import NEVER, Permissions
from training.world.decisions import OPT_OUT, REST_DAYS, Board, Scene, Turn, decide
from training.world.people import People
from training.world.streams import Floats, stream

FATIGUE_DAYS = 14
ACTIVITY_KEPT = 0.8
# Of those who opt out, the share who object on every channel at once.
OBJECTS_TO_ALL = 0.25


def opening(seed: int, people: People, permissions: Permissions) -> Board:
    """The board before the first day: everyone rested, activity at its quiet mean, withdrawals still to come."""
    count = len(people)
    share = behaviour.STARTS_A_DAY / (behaviour.STARTS_A_DAY + behaviour.STOPS_A_DAY)
    return Board(
        permissions=replace(permissions, withdrawn_at=permissions.withdrawn_at.copy()),
        busy=stream(seed, "moods").random(count) < share,
        activity=quiet_activity(people),
        contacts=np.zeros((FATIGUE_DAYS, count)),
        last_contact=np.full(count, -REST_DAYS, dtype=np.int64),
    )


def quiet_activity(people: People) -> Floats:
    """Activity to which a customer settles when not in the market."""
    return (people.visit_rate + people.app_rate) * ACTIVITY_KEPT / (1.0 - ACTIVITY_KEPT)


def scene(people: People, calendar: Calendar, vectors: Floats) -> Scene:
    """All that a day needs and that no day changes."""
    return Scene(
        people, calendar, vectors, logging_policy.scores(people), logging_policy.eligible(people), validity(calendar)
    )


def days(seed: int, stage: Scene, board: Board) -> Iterator[tuple[Turn, behaviour.Signals]]:
    """Play every day of the calendar, changing `board`, and yield its decisions and its signals."""
    draw = stream(seed, "play")
    for day, midnight in enumerate(stage.calendar.midnights()):
        turn = decide(stage, board, day, midnight, draw)
        yield turn, live_through(stage, board, turn, day, midnight, draw)


def live_through(
    stage: Scene, board: Board, turn: Turn, day: int, midnight: int, draw: np.random.Generator
) -> behaviour.Signals:
    """Let one day pass on the board, with the day's contacts on it, and return its signals."""
    browsed, own = behaviour.browsing(stage.people, board.busy, midnight, draw)
    sent = _sent(turn)
    bought = turn.converted_at < NEVER
    board.activity = ACTIVITY_KEPT * (board.activity + own)
    board.busy = behaviour.next_mood(board.busy, draw)
    board.contacts[day % FATIGUE_DAYS] = np.bincount(sent.who, minlength=len(stage.people))
    board.last_contact[sent.who] = day
    withdraw(board.permissions, turn, draw)
    return behaviour.joined(
        browsed,
        behaviour.reactions(stage.people, sent, draw),
        behaviour.purchases(turn.situation.who[bought], turn.converted_at[bought], turn.value[bought]),
    )


def _sent(turn: Turn) -> behaviour.Sent:
    contacted = turn.action != HOLD_INDEX
    situation = turn.situation
    log_odds = np.log(turn.propensity / (1.0 - turn.propensity)) - np.log(turn.resting / (1.0 - turn.resting))
    return behaviour.Sent(
        who=situation.who[contacted],
        at=situation.at[contacted],
        action=turn.action[contacted],
        lift=log_odds[contacted],
        converted=(turn.converted_at < NEVER)[contacted],
    )


def withdraw(permissions: Permissions, turn: Turn, draw: np.random.Generator) -> None:
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
