"""Decisions of one simulated day: customers due, actions of the logging policy, and outcomes."""

from dataclasses import dataclass

import numpy as np

from heed.training.simulator import behavior, ground_truth, logging_policy
from heed.training.simulator.calendar import DAY, DEFAULT_ZONE, HOUR, MINUTE, Calendar, at_local_hour
from heed.training.simulator.consent_arrays import NEVER, Permissions
from heed.training.simulator.ground_truth import CustomerMoments
from heed.training.simulator.offer_catalogue import CHANNEL_OF, HOLD_INDEX, VALUE, WINDOW_DAYS
from heed.training.simulator.population import Population
from heed.training.simulator.rng import Bools, Floats, Ints, sample_columns

# Customers contacted on the same day or the day before are not due.
REST_DAYS = 2
DECISIONS_A_DAY = 0.2
HOURS = np.arange(9, 20)
HOUR_SHARES = np.array([10, 14, 10, 8, 6, 6, 7, 8, 11, 12, 8]) / 100.0
HARM_TYPES = ("opt_out", "complaint", "unsubscribe")
OPT_OUT, COMPLAINT, UNSUBSCRIBE = range(len(HARM_TYPES))
HARM_TYPE_SHARES = np.array([[0.75, 0.25, 0.0], [0.25, 0.15, 0.60]])
HOLD_VALUE = float(np.median(VALUE))


@dataclass(frozen=True)
class DayDecisions:
    """The decisions of one day as parallel arrays, one row per decision.

    Attributes
    ----------
    situation : CustomerMoments
        Customer, time and recent history.
    action : ndarray of int
        Chosen action; ``HOLD_INDEX`` is hold.
    logged : ndarray
        Logging policy's probability of the action.
    admissible : ndarray of int
        Number of admissible choices, including hold.
    propensity, resting, harm : ndarray
        True probabilities of conversion with the action, of conversion with hold, and of harm.
    converted_at : ndarray of int
        Time of the conversion, or ``NEVER``.
    harmed_at, harm_kind : ndarray of int
        Time and type of harm; ``NEVER`` where there is none.
    value : ndarray
        Value of the conversion in EUR, if there is one.
    """

    situation: CustomerMoments
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


@dataclass(frozen=True)
class WorldConstants:
    """Constants of a simulation.

    Attributes
    ----------
    vectors : ndarray of shape (actions, tastes)
        Taste vector of each action.
    scores : ndarray of shape (customers, actions + 1)
        Heuristic scores of the logging policy.
    eligibility : ndarray of bool, shape (customers, actions)
        Whether each customer is eligible for each action.
    spans : ndarray of int, shape (actions, 2)
        Half-open validity of each action, in microseconds.
    """

    people: Population
    calendar: Calendar
    vectors: Floats
    scores: Floats
    eligibility: Bools
    spans: Ints


@dataclass
class WorldState:
    """Mutable state of a simulation.

    Attributes
    ----------
    permissions : Permissions
        Consents; only their withdrawals change.
    busy : ndarray of bool, shape (customers,)
        Whether each customer is in the market.
    activity : ndarray of shape (customers,)
        As in :class:`heed.training.simulator.ground_truth.CustomerMoments`.
    contacts : ndarray of shape (days of fatigue, customers)
        Contacts per day, as a ring buffer.
    last_contact : ndarray of int, shape (customers,)
        Day index of the last contact.
    """

    permissions: Permissions
    busy: Bools
    activity: Floats
    contacts: Floats
    last_contact: Ints

    @property
    def recent_contacts(self) -> Floats:
        """Contacts on the last fourteen days: shape (customers,)."""
        return np.asarray(self.contacts.sum(axis=0))


def decide_day(
    constants: WorldConstants, state: WorldState, day: int, midnight: int, rng: np.random.Generator
) -> DayDecisions:
    """Decisions of one day and their outcomes; the state is not changed."""
    situation = due_customers(constants, state, day, midnight, rng)
    allowed = logging_policy.admissible_actions(
        state.permissions, constants.eligibility, constants.spans, situation.who, situation.at
    )
    chances = logging_policy.choice_probabilities(constants.scores[situation.who], allowed)
    action = sample_columns(chances, rng)
    row = np.arange(len(action))
    propensity = ground_truth.true_propensities(constants.people, constants.vectors, situation)
    harm = ground_truth.true_harms(constants.people, constants.vectors, situation)[row, action]
    return DayDecisions(
        situation=situation,
        action=action,
        logged=chances[row, action],
        admissible=allowed.sum(axis=1),
        propensity=propensity[row, action],
        resting=propensity[:, HOLD_INDEX],
        harm=harm,
        converted_at=event_times(propensity[row, action], situation.at, WINDOW_DAYS * DAY, rng),
        harmed_at=event_times(harm, situation.at, 1.5 * DAY, rng),
        harm_kind=draw_harm_types(action, rng),
        value=conversion_values(action, rng),
    )


def due_customers(
    constants: WorldConstants, state: WorldState, day: int, midnight: int, rng: np.random.Generator
) -> CustomerMoments:
    """Customers due for a decision: not contacted recently, and more often if they are in the market."""
    people = constants.people
    rate = np.where(state.busy, 1.5, 1.0) * DECISIONS_A_DAY
    who = np.flatnonzero((rng.random(len(people)) < rate) & (day - state.last_contact >= REST_DAYS))
    hour = rng.choice(HOURS, len(who), p=HOUR_SHARES) + rng.random(len(who))
    zone = np.where(people.known_zone[who] < 0, DEFAULT_ZONE, people.known_zone[who])
    at = at_local_hour(zone, midnight, hour)
    kept = at < constants.calendar.stop
    who, at = who[kept], at[kept]
    return CustomerMoments(who, at, state.recent_contacts[who], state.activity[who])


def event_times(chance: Floats, at: Ints, within: float, rng: np.random.Generator) -> Ints:
    """Time of each event within the window after `at`, early more often than late; ``NEVER`` if it does not happen."""
    occurs = rng.random(len(chance)) < chance
    delay = (rng.beta(1.0, 3.0, len(chance)) * (within - HOUR)).astype(np.int64) + MINUTE
    return np.where(occurs, at + delay, NEVER)


def draw_harm_types(action: Ints, rng: np.random.Generator) -> Ints:
    """Type of harm, if there is any; only e-mail can be unsubscribed from."""
    by_mail = np.append(CHANNEL_OF, -1)[action] == behavior.EMAIL
    return sample_columns(HARM_TYPE_SHARES[by_mail.astype(np.int64)], rng)


def conversion_values(action: Ints, rng: np.random.Generator) -> Floats:
    """Value of a conversion: the action's value on average, with a standard deviation of a third."""
    return np.round(np.append(VALUE, HOLD_VALUE)[action] * rng.gamma(9.0, 1 / 9.0, len(action)), 2)
