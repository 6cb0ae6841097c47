"""Playing a world: day by day, who came up for a decision, what was done, and what followed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from training.world import behaviour, logging_policy, truth
from training.world.catalogue import CHANNEL_OF, CHANNELS, HOLD_INDEX, PURPOSES, VALUE, WINDOW_DAYS, validity
from training.world.clock import DAY, HOME_ZONE, HOUR, Calendar, at_local_hour
from training.world.consents import NEVER, Permissions
from training.world.people import People
from training.world.streams import Bools, Floats, Ints, pick_columns, stream
from training.world.truth import Situation

REST_DAYS = 2
FATIGUE_DAYS = 14
ACTIVITY_KEPT = 0.8
DECISIONS_A_DAY = 0.2
HOURS = np.arange(9, 20)
HOUR_SHARES = np.array([10, 14, 10, 8, 6, 6, 7, 8, 11, 12, 8]) / 100.0
HARM_TYPES = ("opt_out", "complaint", "unsubscribe")
OPT_OUT, COMPLAINT, UNSUBSCRIBE = range(len(HARM_TYPES))
HARM_SHARES = np.array([[0.75, 0.25, 0.0], [0.25, 0.15, 0.60]])
# Of those who opt out, the share who object on every channel at once.
OBJECTS_TO_ALL = 0.25
HOLD_VALUE = float(np.median(VALUE))


@dataclass(frozen=True)
class Turn:
    """The decisions of one day as parallel arrays, one row per decision.

    Attributes
    ----------
    situation : Situation
        Who, when, and after what.
    action : ndarray of int
        Chosen action; ``HOLD_INDEX`` is hold.
    logged : ndarray
        Probability with which the logging policy chose it.
    admissible : ndarray of int
        How many choices there were, hold included.
    propensity, resting, harm : ndarray
        True probability of conversion as decided, under hold, and of harm.
    converted_at : ndarray of int
        Moment of the conversion, or ``NEVER``.
    harmed_at, harm_kind : ndarray of int
        Moment and kind of harm; ``NEVER`` where none.
    value : ndarray
        Worth of the conversion in EUR, if there is one.
    """

    situation: Situation
    action: Ints
    logged: Floats
    admissible: Ints
    propensity: Floats
    resting: Floats
    harm: Floats
    converted_at: Ints
    harmed_at: Ints
    harm_kind: Ints
    value: Floats


@dataclass
class Board:
    """What changes from day to day while a world is played."""

    permissions: Permissions
    busy: Bools
    activity: Floats
    contacts: Floats = field(repr=False)  # (days of fatigue, customers): contacts per day, a ring
    last_contact: Ints = field(repr=False)

    @property
    def recent_contacts(self) -> Floats:
        """Contacts on the last fourteen days: shape (customers,)."""
        return np.asarray(self.contacts.sum(axis=0))


@dataclass(frozen=True)
class Scene:
    """What does not change while a world is played."""

    people: People
    calendar: Calendar
    vectors: Floats
    scores: Floats
    eligibility: Bools
    spans: Ints


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


def decide(stage: Scene, board: Board, day: int, midnight: int, draw: np.random.Generator) -> Turn:
    """The decisions of one day and what they lead to, without touching the board."""
    situation = due(stage, board, day, midnight, draw)
    allowed = logging_policy.admissible(board.permissions, stage.eligibility, stage.spans, situation.who, situation.at)
    chances = logging_policy.choice_probabilities(stage.scores[situation.who], allowed)
    action = pick_columns(chances, draw)
    row = np.arange(len(action))
    propensity = truth.propensities(stage.people, stage.vectors, situation)
    harm = truth.harms(stage.people, stage.vectors, situation)[row, action]
    return Turn(
        situation=situation,
        action=action,
        logged=chances[row, action],
        admissible=allowed.sum(axis=1),
        propensity=propensity[row, action],
        resting=propensity[:, HOLD_INDEX],
        harm=harm,
        converted_at=happens(propensity[row, action], situation.at, WINDOW_DAYS * DAY, draw),
        harmed_at=happens(harm, situation.at, 1.5 * DAY, draw),
        harm_kind=harm_kinds(action, draw),
        value=worth(action, draw),
    )


def due(stage: Scene, board: Board, day: int, midnight: int, draw: np.random.Generator) -> Situation:
    """Who comes up for a decision: nobody contacted in the last days, the busy more often than the quiet."""
    people = stage.people
    rate = np.where(board.busy, 1.5, 1.0) * DECISIONS_A_DAY
    who = np.flatnonzero((draw.random(len(people)) < rate) & (day - board.last_contact >= REST_DAYS))
    hour = draw.choice(HOURS, len(who), p=HOUR_SHARES) + draw.random(len(who))
    zone = np.where(people.known_zone[who] < 0, HOME_ZONE, people.known_zone[who])
    at = at_local_hour(zone, midnight, hour)
    kept = at < stage.calendar.stop
    who, at = who[kept], at[kept]
    return Situation(who, at, board.recent_contacts[who], board.activity[who])


def happens(chance: Floats, at: Ints, within: float, draw: np.random.Generator) -> Ints:
    """When each event happens, sooner rather than later inside the window after `at`; ``NEVER`` if it does not."""
    occurs = draw.random(len(chance)) < chance
    delay = (draw.beta(1.0, 3.0, len(chance)) * (within - HOUR)).astype(np.int64) + HOUR // 60
    return np.where(occurs, at + delay, NEVER)


def harm_kinds(action: Ints, draw: np.random.Generator) -> Ints:
    """What form harm would take: only mail can be unsubscribed from."""
    by_mail = np.append(CHANNEL_OF, -1)[action] == behaviour.EMAIL
    return pick_columns(HARM_SHARES[by_mail.astype(np.int64)], draw)


def worth(action: Ints, draw: np.random.Generator) -> Floats:
    """Worth of a conversion: the action's value on average, spread by about a third."""
    return np.round(np.append(VALUE, HOLD_VALUE)[action] * draw.gamma(9.0, 1 / 9.0, len(action)), 2)


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
    withdraw(board.permissions.withdrawn_at, turn, draw)
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


def withdraw(withdrawn_at: Ints, turn: Turn, draw: np.random.Generator) -> None:
    """Turn harm into withdrawn consent for marketing: on the channel used, or for some who opt out on all."""
    marketing = PURPOSES.index("marketing")
    harmed = np.flatnonzero(turn.harmed_at < NEVER)
    everywhere = (turn.harm_kind[harmed] == OPT_OUT) & (draw.random(len(harmed)) < OBJECTS_TO_ALL)
    used = CHANNEL_OF[turn.action[harmed]]
    for channel in range(len(CHANNELS)):
        said = harmed[everywhere | (used == channel)]
        who = turn.situation.who[said]
        withdrawn_at[who, channel, marketing] = np.minimum(withdrawn_at[who, channel, marketing], turn.harmed_at[said])
