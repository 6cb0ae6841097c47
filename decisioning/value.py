"""Net value: the expected value of a contact, in the currency of the catalogue. Hold is 0."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from heed.decisioning.catalogue import Action
from heed.decisioning.score import Floats


@dataclass(frozen=True, slots=True)
class ValueTerms:
    """The policy's weights for value, harm and tolerance.

    Attributes
    ----------
    levers : mapping of str to float
        Business emphasis per action id, at least 0; 1 where none is named.
    harm_cost : float
        Cost of one opt-out, complaint or unsubscribe, in the catalogue's currency; at least 0.
    tolerance : float
        Net value below the best that still counts as good enough, in the catalogue's currency; at least 0.
    """

    levers: Mapping[str, float] = field(default_factory=dict)
    harm_cost: float = 0.0
    tolerance: float = 0.0


class ValueInputs(Protocol):
    """The score arrays that net value needs: shapes (n,) and (n, K), or with a leading axis for many decisions."""

    @property
    def propensity(self) -> Floats:
        """Calibrated probability of each action's outcome."""
        ...

    @property
    def propensity_draws(self) -> Floats:
        """Joint draws of it."""
        ...

    @property
    def uplift(self) -> Floats | None:
        """Difference to holding, where known."""
        ...

    @property
    def uplift_draws(self) -> Floats | None:
        """Draws of the uplift."""
        ...

    @property
    def harm(self) -> Floats | None:
        """Probability of harm, where known."""
        ...

    @property
    def harm_draws(self) -> Floats | None:
        """Draws of the harm."""
        ...


def net_values(actions: Sequence[Action], scores: ValueInputs, terms: ValueTerms) -> Floats:
    """Net value of each action: ``lever x value x uplift (or propensity) - harm_cost x harm - cost``.

    Returns
    -------
    array of float, shape (n,) or (decisions, n)
        In the catalogue's currency.
    """
    gain = scores.propensity if scores.uplift is None else scores.uplift
    harm = np.zeros(len(actions)) if scores.harm is None else scores.harm
    values: Floats = _worth(actions, terms) * gain - terms.harm_cost * harm - _costs(actions)
    return values


def net_value_draws(actions: Sequence[Action], scores: ValueInputs, terms: ValueTerms) -> Floats:
    """Joint draws of the net values, shape (n, K) or (decisions, n, K): the same formula for each draw."""
    gain = scores.propensity_draws if scores.uplift_draws is None else scores.uplift_draws
    harm = 0.0 if scores.harm_draws is None else terms.harm_cost * scores.harm_draws
    draws: Floats = _worth(actions, terms)[:, None] * gain - harm - _costs(actions)[:, None]
    return draws


def _worth(actions: Sequence[Action], terms: ValueTerms) -> Floats:
    return np.array([terms.levers.get(action.action_id, 1.0) * action.value for action in actions], dtype=np.float64)


def _costs(actions: Sequence[Action]) -> Floats:
    return np.array([action.cost for action in actions], dtype=np.float64)
