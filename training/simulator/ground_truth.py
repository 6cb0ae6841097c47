"""Ground truth: true probabilities of response and harm, for any customers, actions and times.

With m the log-odds of conversion under hold, an action has log-odds m + lift. The lift is its strength, plus the
customer's taste for the action, its category and its channel, plus effects of recent activity and of the hour, minus
fatigue. The log-odds of harm grow with the contacts of the last fourteen days and fall with the lift.
"""

from dataclasses import dataclass

import numpy as np

from heed.training.simulator.calendar import DAY, HOUR, offset_hours
from heed.training.simulator.offer_catalogue import (
    ACTIONS,
    CATEGORY_OF,
    CHANNEL_OF,
    COST,
    HARM_MARGIN,
    HOUR_SWING,
    PEAK_HOUR,
    PURPOSE_OF,
    SEGMENT_TASTE,
    VALUE,
    WEEKEND,
)
from heed.training.simulator.population import TASTE_DIMENSIONS, Population
from heed.training.simulator.rng import Floats, Ints, named_generator, sigmoid

BASE_MARGIN = -4.15
ACTIVITY_PULL = 0.45
TASTE_SCALE = 0.70
FATIGUE = 0.12
HARM_GROWTH = 0.35
STRENGTH: Floats = np.array([action.strength for action in ACTIONS])
PULL: Floats = np.array([action.pull for action in ACTIONS])


@dataclass(frozen=True)
class CustomerMoments:
    """Customers at given times, with their recent history; all arrays of shape (n,).

    Attributes
    ----------
    who : ndarray of int
        Customer indices.
    at : ndarray of int
        Times in microseconds since the epoch, UTC.
    recent_contacts : ndarray of float
        Contacts on the fourteen UTC days before the day of `at`.
    activity : ndarray of float
        True visits and app openings up to the day before, exponentially weighted with 0.8 per day.
    """

    who: Ints
    at: Ints
    recent_contacts: Floats
    activity: Floats


def action_vectors(seed: int) -> Floats:
    """Taste vector of each action: unit vectors of shape (actions, tastes)."""
    vectors = named_generator(seed, "actions").standard_normal((len(ACTIONS), TASTE_DIMENSIONS))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def baseline_log_odds(people: Population, situation: CustomerMoments) -> Floats:
    """Log-odds of conversion under hold: shape (n,)."""
    taste = people.taste[situation.who]
    return BASE_MARGIN + 0.35 * taste[:, 0] + 0.2 * taste[:, 3] + ACTIVITY_PULL * np.log1p(situation.activity)


def action_log_odds(people: Population, vectors: Floats, situation: CustomerMoments) -> Floats:
    """Log-odds added to hold by each action, possibly negative: shape (n, actions)."""
    who = situation.who
    taste = TASTE_SCALE * people.taste[who] @ vectors.T + SEGMENT_TASTE[people.segment[who]][:, CATEGORY_OF]
    pull = np.log1p(situation.activity)[:, None] * PULL
    tired = FATIGUE * people.sensitivity[who] * situation.recent_contacts
    channel = people.channel_liking[who] + hour_effect(people.zone[who], situation.at)
    return np.asarray(STRENGTH + taste + pull + channel[:, CHANNEL_OF] - tired[:, None])


def hour_effect(zone: Ints, at: Ints) -> Floats:
    """Log-odds added by local hour and weekday per channel: shape (n, channels)."""
    local = at / HOUR + offset_hours(zone, at)
    swing = HOUR_SWING * (np.cos((local[:, None] % 24.0 - PEAK_HOUR) * np.pi / 12.0) - 1.0)
    # The epoch was a Thursday, so day 2 was a Saturday.
    weekend = (local * HOUR / DAY).astype(np.int64) % 7
    return np.asarray(swing + WEEKEND * ((weekend == 2) | (weekend == 3))[:, None])


def true_propensities(people: Population, vectors: Floats, situation: CustomerMoments) -> Floats:
    """Probability of conversion within the window: shape (n, actions + 1), hold last."""
    resting = baseline_log_odds(people, situation)[:, None]
    return sigmoid(np.hstack([resting + action_log_odds(people, vectors, situation), resting]))


def true_harms(people: Population, vectors: Floats, situation: CustomerMoments) -> Floats:
    """Probability of an opt-out, complaint or unsubscribe after a contact.

    Shape (n, actions + 1); 0 for hold, which is last.
    """
    sensitivity = people.sensitivity[situation.who]
    strain = HARM_GROWTH * sensitivity * situation.recent_contacts + 0.5 * (sensitivity - 1.0)
    welcome = np.clip(action_log_odds(people, vectors, situation), -2.0, 2.0)
    margin = (HARM_MARGIN[CHANNEL_OF] - 1.2 * PURPOSE_OF) + strain[:, None] - 0.35 * welcome
    return np.hstack([sigmoid(margin), np.zeros((len(sensitivity), 1))])


def true_net_values(propensity: Floats, harm: Floats, harm_cost: float) -> Floats:
    """Net value in EUR of each column of `propensity`, same shape; 0 for hold, which is last."""
    uplift = propensity[:, :-1] - propensity[:, -1:]
    net = VALUE * uplift - harm_cost * harm[:, :-1] - COST
    return np.hstack([net, np.zeros((len(propensity), 1))])
