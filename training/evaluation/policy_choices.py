"""What heed would choose for the customers of recorded contacts, and how sure it would be: no rule, the model alone.

Guardrails are not asked here: every action of the catalogue competes, hold included.
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
_TOLD = ("propensity", "low", "high", "hold", "uplift", "uplift_low", "uplift_high", "harm")


@dataclass(frozen=True, eq=False)
class PolicyChoices:
    """The choices for n contacts among a actions.

    Attributes
    ----------
    actions : tuple of Action, length a
    propensity, low, high, net_value : array of float, shape (n, a)
        Net values are in the catalogue's currency.
    hold : array of float, shape (n,), or None
    uplift, uplift_low, uplift_high, harm : array of float, shape (n, a), or None
    chosen : array of int, shape (n,)
        Place of the chosen action, -1 for hold.
    confidence : array of float, shape (n,)
        That nothing else, hold included, is better by more than the tolerance.
    shortfall : array of float, shape (n,)
        What the choice is expected to be worth less than the best, hold included, under the model's own uncertainty, in
        the catalogue's currency; at least 0. A person who knew the best would gain as much.
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


def choices(
    bundle: Bundle,
    data: EngagementData,
    rows: Ints,
    terms: ValueTerms | None = None,
    actions: Sequence[Action] | None = None,
    admitted: Bools | None = None,
) -> PolicyChoices:
    """What would be chosen at the moment of these contacts, for their customers.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    terms : ValueTerms
        How net value is reckoned; harm free of cost and no tolerance if not given.
    actions : sequence of Action
        The candidates; the model's whole catalogue if not given.
    admitted : array of bool, shape (n, a)
        Which of them compete at each contact; all if not given. Where none does, hold is certain.
    """
    candidates = tuple(bundle.catalogue.actions if actions is None else actions)
    competing = np.ones((len(rows), len(candidates)), dtype=np.bool_) if admitted is None else admitted
    parts, done = [], 0
    for one in score_offers(bundle, data, rows, candidates):
        mine = competing[done : done + len(one.propensity)]
        parts.append(_chosen(one, candidates, terms or ValueTerms(), bundle.trust, mine))
        done += len(mine)
    return PolicyChoices(candidates, **{name: _joined(parts, name) for name in parts[0]})


def score_offers(bundle: Bundle, data: EngagementData, rows: Ints, actions: Sequence[Action]) -> Iterator[BatchScores]:
    """Scores of these actions for the customers of contacts, at the contacts' moments.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.

    Yields
    ------
    BatchScores
        Of consecutive contacts, some thousand candidates at a time: the draws of all would not fit into memory.
    """
    size = max(1, _BLOCK // (len(actions) + 1))
    for start in range(0, max(len(rows), 1), size):
        block = rows[start : start + size]
        matrix = candidate_matrix(bundle.schema, data, block, actions, hold=bundle.has_uplift)
        yield bundle.score_batch(matrix, actions)


def _chosen(
    offered: BatchScores, actions: Sequence[Action], terms: ValueTerms, trust: ConfidenceMap, admitted: Bools
) -> dict[str, Any]:
    values = net_values(actions, offered, terms)
    chosen = best_action(actions, np.where(admitted, values, -np.inf))
    draws = np.where(admitted[:, :, None], net_value_draws(actions, offered, terms), -np.inf)
    told = {name: getattr(offered, name) for name in _TOLD}
    own, greatest = _beside(draws, chosen)
    near, short = np.mean(own >= greatest - terms.tolerance, axis=1), np.mean(greatest - own, axis=1)
    sure = trust.of(near, draws.shape[2], tolerance_ratio(terms.tolerance, short))
    sure = np.where(admitted.any(axis=1), sure, 1.0)
    return {**told, "net_value": values, "chosen": chosen, "confidence": sure, "shortfall": short}


def best_action(actions: Sequence[Action], values: Floats) -> Ints:
    """The same as :func:`heed.decisioning.arbitration.choose` for every row of net values, shape (n, a).

    -1 for hold.
    """
    order = np.array(sorted(range(len(actions)), key=lambda place: (actions[place].cost, actions[place].action_id)))
    first = order[np.argmax(values[:, order], axis=1)]
    return np.where(values[np.arange(len(values)), first] > 0.0, first, HOLD_INDEX)


def _beside(draws: Floats, chosen: Ints) -> tuple[Floats, Floats]:
    """What :func:`heed.decisioning.arbitration.confidence` compares, of draws of shape (n, a, K): both of shape (n, K).

    That is the worth of the choice and of the best, hold included, in each draw.
    """
    worth = np.concatenate([draws, np.zeros_like(draws[:, :1])], axis=1)
    return worth[np.arange(len(worth)), chosen], worth.max(axis=1)


def _joined(parts: Sequence[Mapping[str, Any]], name: str) -> Any:
    return None if parts[0][name] is None else np.concatenate([part[name] for part in parts])
