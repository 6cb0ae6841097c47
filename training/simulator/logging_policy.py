"""Who was offered what: the crude rule of thumb that made the history heed learns from.

A softmax over a rule of thumb, mixed with uniform exploration, over the actions that consent, validity and eligibility
leave. Hold is always among them, with a probability of its own.
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
MIN_AGE: Floats = np.array([-1.0 if one.min_age is None else one.min_age for one in ACTIONS])
MIN_TENURE: Floats = np.array([-1.0 if one.min_tenure is None else one.min_tenure for one in ACTIONS])
ONBOARDING: Bools = np.isin(CATEGORY_OF, [CATEGORIES.index("onboarding")])
BOUNDED_AGE: Bools = np.array([one.min_age is not None for one in ACTIONS])
BOUNDED_TENURE: Bools = np.array([one.min_tenure is not None for one in ACTIONS])


def heuristic_scores(people: Population) -> Floats:
    """The rule of thumb, half right about segments and blind to everything recent: shape (n, actions + 1)."""
    belief = 0.8 * SEGMENT_TASTE[people.segment][:, CATEGORY_OF]
    newcomers = (people.eligible_tenure < 120.0)[:, None] & ONBOARDING
    thrift = 0.5 * np.log(VALUE / 50.0) - 0.25 * COST
    return np.hstack([belief + thrift + newcomers, np.full((len(people), 1), HOLD_SCORE)])


def eligible_actions(people: Population) -> Bools:
    """Whether each customer meets each action's condition; a missing fact meets none: shape (n, actions)."""
    age = ~BOUNDED_AGE | (people.eligible_age[:, None] >= MIN_AGE)
    return np.asarray(age & (~BOUNDED_TENURE | (people.eligible_tenure[:, None] >= MIN_TENURE)))


def admissible_actions(permissions: Permissions, eligibility: Bools, spans: Ints, who: Ints, at: Ints) -> Bools:
    """What may be done for each customer at each moment: shape (len(who), actions + 1), hold always.

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
    """Probability of each choice: rows sum to 1, what is not allowed has 0."""
    weight = np.where(allowed, np.exp(score), 0.0)
    greedy = weight / weight.sum(axis=1, keepdims=True)
    uniform = allowed / allowed.sum(axis=1, keepdims=True)
    return np.asarray((1.0 - EXPLORATION) * greedy + EXPLORATION * uniform)
