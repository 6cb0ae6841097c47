"""The logging policy of the simulated history.

A softmax over heuristic scores, mixed with uniform exploration, over the actions that consent, validity and eligibility
admit. Hold is always admissible.
"""

import numpy as np

from heed.training.simulator.consent_arrays import Permissions
from heed.training.simulator.offer_catalogue import (
    ACTIONS,
    CATEGORIES,
    CATEGORY_OF,
    CHANNEL_OF,
    COST,
    PURPOSE_OF,
    SEGMENT_TASTE,
    VALUE,
)
from heed.training.simulator.population import Population
from heed.training.simulator.rng import Bools, Floats, Ints

NAME = "rule-of-thumb"
EXPLORATION = 0.30
HOLD_SCORE = 1.1
MIN_AGE: Floats = np.array([-1.0 if action.min_age is None else action.min_age for action in ACTIONS])
MIN_TENURE: Floats = np.array([-1.0 if action.min_tenure is None else action.min_tenure for action in ACTIONS])
ONBOARDING: Bools = np.isin(CATEGORY_OF, [CATEGORIES.index("onboarding")])
BOUNDED_AGE: Bools = np.array([action.min_age is not None for action in ACTIONS])
BOUNDED_TENURE: Bools = np.array([action.min_tenure is not None for action in ACTIONS])


def heuristic_scores(people: Population) -> Floats:
    """Heuristic scores, partly right about segments and ignorant of recent history: shape (n, actions + 1)."""
    belief = 0.8 * SEGMENT_TASTE[people.segment][:, CATEGORY_OF]
    newcomers = (people.eligible_tenure < 120.0)[:, None] & ONBOARDING
    thrift = 0.5 * np.log(VALUE / 50.0) - 0.25 * COST
    return np.hstack([belief + thrift + newcomers, np.full((len(people), 1), HOLD_SCORE)])


def eligible_actions(people: Population) -> Bools:
    """Whether each customer is eligible for each action; missing facts make ineligible: shape (n, actions)."""
    age = ~BOUNDED_AGE | (people.eligible_age[:, None] >= MIN_AGE)
    return np.asarray(age & (~BOUNDED_TENURE | (people.eligible_tenure[:, None] >= MIN_TENURE)))


def admissible_actions(permissions: Permissions, eligibility: Bools, spans: Ints, who: Ints, at: Ints) -> Bools:
    """Admissible actions for each customer and time: shape (len(who), actions + 1), hold always.

    Parameters
    ----------
    eligibility : ndarray of bool, shape (customers, actions)
    spans : ndarray of int, shape (actions, 2)
        Half-open validity of each action in microseconds.
    """
    consented = permissions.live(who, at)[:, CHANNEL_OF, PURPOSE_OF]
    valid = (spans[:, 0] <= at[:, None]) & (at[:, None] < spans[:, 1])
    return np.hstack([consented & valid & eligibility[who], np.ones((len(who), 1), dtype=np.bool_)])


def choice_probabilities(score: Floats, allowed: Bools) -> Floats:
    """Probability of each action; rows sum to 1, and actions not allowed have 0."""
    weight = np.where(allowed, np.exp(score), 0.0)
    greedy = weight / weight.sum(axis=1, keepdims=True)
    uniform = allowed / allowed.sum(axis=1, keepdims=True)
    return np.asarray((1.0 - EXPLORATION) * greedy + EXPLORATION * uniform)
