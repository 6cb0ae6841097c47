"""Who was offered what: the crude rule of thumb that made the history heed learns from.

A softmax over a rule of thumb, mixed with uniform exploration, over the actions that consent, validity and eligibility
leave. Hold is always among them, with a probability of its own.
"""

import numpy as np

from training.world.catalogue import (
    CATEGORIES,
    CATEGORY_OF,
    CHANNEL_OF,
    COST,
    OFFERS,
    PURPOSE_OF,
    SEGMENT_TASTE,
    VALUE,
)
from training.world.consents import Permissions
from training.world.people import People
from training.world.streams import Bools, Floats, Ints

NAME = "rule-of-thumb"
EXPLORATION = 0.30
HOLD_SCORE = 1.1
LEAST_AGE: Floats = np.array([-1.0 if one.least_age is None else one.least_age for one in OFFERS])
LEAST_TENURE: Floats = np.array([-1.0 if one.least_tenure is None else one.least_tenure for one in OFFERS])
ONBOARDING: Bools = np.isin(CATEGORY_OF, [CATEGORIES.index("onboarding")])
BOUNDED_AGE: Bools = np.array([one.least_age is not None for one in OFFERS])
BOUNDED_TENURE: Bools = np.array([one.least_tenure is not None for one in OFFERS])


def scores(people: People) -> Floats:
    """The rule of thumb, half right about segments and blind to everything recent: shape (n, actions + 1)."""
    belief = 0.8 * SEGMENT_TASTE[people.segment][:, CATEGORY_OF]
    newcomers = (people.eligible_tenure < 120.0)[:, None] & ONBOARDING
    thrift = 0.5 * np.log(VALUE / 50.0) - 0.25 * COST
    return np.hstack([belief + thrift + newcomers, np.full((len(people), 1), HOLD_SCORE)])


def eligible(people: People) -> Bools:
    """Whether each customer meets each action's condition; a missing fact meets none: shape (n, actions)."""
    age = ~BOUNDED_AGE | (people.eligible_age[:, None] >= LEAST_AGE)
    return np.asarray(age & (~BOUNDED_TENURE | (people.eligible_tenure[:, None] >= LEAST_TENURE)))


def admissible(permissions: Permissions, eligibility: Bools, spans: Ints, who: Ints, at: Ints) -> Bools:
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
