"""A model for which every action is worth doing, so that only guardrails hold heed back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.score import Explanation, Floats, Scores

_DRAWS = 8


@dataclass(frozen=True)
class StubScorer:
    """Takes scores from the attributes of the actions.

    Attributes
    ----------
    propensity : float
        Used where an action has no attribute `propensity`. The attributes `spread`, half the width of the draws around
        it, and `harm`, the probability of harm, are 0 by default.
    """

    propensity: float = 0.5

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        """The same for every customer."""
        del facts
        mean = _attribute(actions, "propensity", self.propensity)
        spread = _attribute(actions, "spread", 0.0)
        # Neighbours move against each other, so that draws disagree on which is best.
        signs = np.where(np.arange(len(actions)) % 2 == 0, 1.0, -1.0)
        steps = np.linspace(-1.0, 1.0, _DRAWS)
        draws = mean[:, None] + (signs * spread)[:, None] * steps[None, :]
        harm = _attribute(actions, "harm", 0.0)
        return Scores(
            mean,
            mean - spread,
            mean + spread,
            draws,
            lambda places: tuple(_unexplained(float(mean[place])) for place in places),
            harm=harm,
            harm_draws=np.repeat(harm[:, None], _DRAWS, axis=1),
        )


def _attribute(actions: Sequence[Action], name: str, otherwise: float) -> Floats:
    said = [action.attributes.get(name) for action in actions]
    return np.array([one if isinstance(one, float | int) else otherwise for one in said], dtype=np.float64)


def _unexplained(propensity: float) -> Explanation:
    log_odds = float(np.log(propensity / (1.0 - propensity)))
    return Explanation(log_odds, propensity, log_odds, propensity, ())
