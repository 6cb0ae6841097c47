"""Choose among admissible candidates, and compute the confidence of the choice."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.catalogue import Action
from heed.decisioning.score import ConfidenceMap, Floats, tolerance_ratio


def ranking(actions: Sequence[Action], net_values: Floats) -> tuple[int, ...]:
    """Indices of the actions, best first: greater net value, then smaller cost, then the smaller id.

    Costs and ids break ties the same way, whatever the order of the candidates.
    """

    def key(index: int) -> tuple[float, float, str]:
        return (-float(net_values[index]), actions[index].cost, actions[index].action_id)

    return tuple(sorted(range(len(actions)), key=key))


def choose(order: Sequence[int], net_values: Floats, admissible: Sequence[bool]) -> int | None:
    """The best admissible action worth more than holding, or None for hold."""
    best = next((index for index in order if admissible[index]), None)
    return best if best is not None and net_values[best] > 0.0 else None


def confidence(
    draws: Floats, chosen: int | None, admissible: Sequence[bool], tolerance: float, trust: ConfidenceMap | None = None
) -> float:
    """Probability that the choice is within `tolerance` of the best admissible alternative, hold included.

    Parameters
    ----------
    draws : array of float, shape (n, K)
        Joint draws of the net values.
    chosen : int or None
        The chosen action; None means hold, whose net value is 0 in every draw.
    admissible : sequence of bool, length n
        Which actions compete. Hold always does.
    tolerance : float
        In the catalogue's currency, at least 0.
    trust : ConfidenceMap or None
        Maps the share of draws to a calibrated probability.

    Returns
    -------
    float
        In [0, 1]. The plain share of draws where no map is given; exactly 1 when hold is chosen and nothing else is
        admissible.
    """
    if not any(admissible):
        return 1.0
    own, best = _beside(draws, chosen, admissible)
    share = np.asarray(np.mean(own >= best - tolerance))
    if trust is None:
        return float(share)
    return float(trust.of(share, draws.shape[1], tolerance_ratio(tolerance, np.asarray(np.mean(best - own)))))


def shortfall(draws: Floats, chosen: int | None, admissible: Sequence[bool]) -> float:
    """Expected loss of the choice against the best admissible alternative, hold included.

    The mean over the draws, in the catalogue's currency and at least 0. It is the value of perfect information, so
    review cases are sorted by it.

    Parameters
    ----------
    draws, chosen, admissible
        As for :func:`confidence`.
    """
    own, best = _beside(draws, chosen, admissible)
    return float(np.mean(best - own))


def _beside(draws: Floats, chosen: int | None, admissible: Sequence[bool]) -> tuple[Floats, Floats]:
    """Net value of the choice and of the best admissible, hold included, in each draw, both of shape (K,)."""
    mask: NDArray[np.bool_] = np.asarray(admissible, dtype=np.bool_)
    own = np.zeros(draws.shape[1]) if chosen is None else draws[chosen]
    return own, draws[mask].max(axis=0, initial=0.0)
