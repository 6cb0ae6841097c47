"""heed's choices for recorded contacts, with their confidence.

Guardrails are not applied: every action of the catalogue competes, hold included.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD, Action
from heed.decisioning.score import ConfidenceMap, Floats, tolerance_ratio
from heed.decisioning.value import ValueTerms, net_value_draws, net_values
from heed.training.contract.engagement_data import EngagementData
from heed.training.features.feature_matrix import candidate_matrix
from heed.training.features.window_kernel import Ints
from heed.training.model.batch_scores import BatchScores
from heed.training.model.bundle import Bundle

Bools = NDArray[np.bool_]
HOLD_INDEX = -1
_BLOCK = 8_192
_SCORES = ("propensity", "low", "high", "hold", "uplift", "uplift_low", "uplift_high", "harm")


@dataclass(frozen=True, eq=False)
class PolicyChoices:
    """Choices for n contacts among a actions.

    Attributes
    ----------
    actions : tuple of Action, length a
    propensity, low, high, net_value : array of float, shape (n, a)
        Net values are in the catalogue's currency.
    hold : array of float, shape (n,), or None
    uplift, uplift_low, uplift_high, harm : array of float, shape (n, a), or None
    chosen : array of int, shape (n,)
        Index of the chosen action, -1 for hold.
    confidence : array of float, shape (n,)
        Probability that no alternative, hold included, is better by more than the tolerance.
    shortfall : array of float, shape (n,)
        Expected loss against the best alternative, hold included, under the model's own uncertainty, in the
        catalogue's currency; at least 0. A reviewer who knew the best could gain as much.
    """

    actions: tuple[Action, ...]
    propensity: Floats
    low: Floats
    high: Floats
    hold: Floats | None
    uplift: Floats | None
    uplift_low: Floats | None
    uplift_high: Floats | None
    harm: Floats | None
    net_value: Floats
    chosen: Ints
    confidence: Floats
    shortfall: Floats

    @property
    def action_id(self) -> np.ndarray:
        """Id of the chosen action of each contact, ``hold`` included, shape (n,)."""
        return np.array([*(action.action_id for action in self.actions), HOLD])[self.chosen]


def choose_actions(
    bundle: Bundle,
    data: EngagementData,
    rows: Ints,
    terms: ValueTerms | None = None,
    actions: Sequence[Action] | None = None,
    admitted: Bools | None = None,
) -> PolicyChoices:
    """The choices for the customers of these contacts, at the times of the contacts.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    terms : ValueTerms
        How net value is computed. By default harm costs nothing and the tolerance is 0.
    actions : sequence of Action
        The candidates; by default the model's whole catalogue.
    admitted : array of bool, shape (n, a)
        Which candidates compete at each contact; by default all. Where none does, hold has confidence 1.
    """
    candidates = tuple(bundle.catalogue.actions if actions is None else actions)
    competing = np.ones((len(rows), len(candidates)), dtype=np.bool_) if admitted is None else admitted
    parts, start = [], 0
    for scores in score_offers(bundle, data, rows, candidates):
        block = competing[start : start + len(scores.propensity)]
        parts.append(_choose(scores, candidates, terms or ValueTerms(), bundle.trust, block))
        start += len(block)
    return PolicyChoices(candidates, **{name: _concatenate(parts, name) for name in parts[0]})


def score_offers(bundle: Bundle, data: EngagementData, rows: Ints, actions: Sequence[Action]) -> Iterator[BatchScores]:
    """Scores of these actions for the customers of contacts, at the times of the contacts.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.

    Yields
    ------
    BatchScores
        Of consecutive contacts, some thousand candidates at a time: all draws at once would not fit into memory.
    """
    size = max(1, _BLOCK // (len(actions) + 1))
    for start in range(0, max(len(rows), 1), size):
        block = rows[start : start + size]
        matrix = candidate_matrix(bundle.schema, data, block, actions, hold=bundle.has_uplift)
        yield bundle.score_batch(matrix, actions)


def best_action(actions: Sequence[Action], values: Floats) -> Ints:
    """Index of the best action per row of net values, shape (n, a); -1 for hold.

    Ties are broken as in :func:`heed.decisioning.arbitration.choose`.
    """
    order = np.array(sorted(range(len(actions)), key=lambda index: (actions[index].cost, actions[index].action_id)))
    first = order[np.argmax(values[:, order], axis=1)]
    return np.where(values[np.arange(len(values)), first] > 0.0, first, HOLD_INDEX)


def _choose(
    scores: BatchScores, actions: Sequence[Action], terms: ValueTerms, trust: ConfidenceMap, admitted: Bools
) -> dict[str, Any]:
    values = net_values(actions, scores, terms)
    chosen = best_action(actions, np.where(admitted, values, -np.inf))
    draws = np.where(admitted[:, :, None], net_value_draws(actions, scores, terms), -np.inf)
    own, best = _chosen_and_best(draws, chosen)
    near, shortfall = np.mean(own >= best - terms.tolerance, axis=1), np.mean(best - own, axis=1)
    confidence = trust.of(near, draws.shape[2], tolerance_ratio(terms.tolerance, shortfall))
    confidence = np.where(admitted.any(axis=1), confidence, 1.0)
    outputs = {"net_value": values, "chosen": chosen, "confidence": confidence, "shortfall": shortfall}
    return {**{name: getattr(scores, name) for name in _SCORES}, **outputs}


def _chosen_and_best(draws: Floats, chosen: Ints) -> tuple[Floats, Floats]:
    """Value of the choice and of the best alternative, hold included, per draw: (n, K) each, from (n, a, K)."""
    worth = np.concatenate([draws, np.zeros_like(draws[:, :1])], axis=1)
    return worth[np.arange(len(worth)), chosen], worth.max(axis=1)


def _concatenate(parts: Sequence[Mapping[str, Any]], name: str) -> Any:
    return None if parts[0][name] is None else np.concatenate([part[name] for part in parts])
