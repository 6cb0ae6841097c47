"""A logistic regression with normal offsets by category, channel and action, and the spread of each kind."""

from dataclasses import dataclass

import numpy as np

from heed.decisioning.score import Floats
from heed.training.model.calibrators.laplace import MixedEffects, MixedModel
from heed.training.model.calibrators.logistic_regression import BinnedRows
from heed.training.model.calibrators.pooling_groups import PoolingGroups

# Standard deviations tried for each kind of offset. A factor of two either way hardly changes what is predicted.
_SPREADS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_SWEEPS = 6
# The action's spread first, so that kin share only what is seen to be shared.
_ORDER = (2, 1, 0)
# Evidence in nats below which a spread is no better: ties must not be decided by rounding.
_TELLING = 1e-3


def fit_mixed_effects(counted: BinnedRows, pooling_groups: PoolingGroups, start: Floats) -> MixedEffects:
    """The mode under the spreads of greatest evidence, found by moving one kind's spread at a time until none helps.

    Parameters
    ----------
    counted : BinnedRows
        Of log-odds; the code is the kind of `pooling_groups`.
    start : array of float, shape (3,)
        Where to begin: spreads by category, channel and action, out of those that are tried.
    """
    problem = MixedModel(counted, pooling_groups)
    sizes = tuple(int(np.argmin(np.abs(np.array(_SPREADS) - one))) for one in start)
    trial = _Trial(problem, sizes, *problem.evidence(_spread(sizes), problem.nothing))
    for _ in range(_SWEEPS):
        before = trial.sizes
        for kind in _ORDER:
            trial = trial.climbed(kind)
        if trial.sizes == before:
            break
    return problem.told(_spread(trial.sizes), trial.mode)


@dataclass(frozen=True, eq=False)
class _Trial:
    """Spreads by their places among :data:`_SPREADS`, with what they are worth."""

    problem: MixedModel
    sizes: tuple[int, ...]
    evidence: float
    mode: Floats

    def climbed(self, kind: int) -> "_Trial":
        """The best that can be reached by widening, or else narrowing, one kind's spread step by step."""
        wider = self._as_far_as_it_helps(kind, 1)
        return wider if wider is not self else self._as_far_as_it_helps(kind, -1)

    def _as_far_as_it_helps(self, kind: int, step: int) -> "_Trial":
        best = self
        while 0 <= best.sizes[kind] + step < len(_SPREADS):
            moved = best._moved(kind, step)
            if moved.evidence <= best.evidence + _TELLING:
                break
            best = moved
        return best

    def _moved(self, kind: int, step: int) -> "_Trial":
        sizes = tuple(size + step * (number == kind) for number, size in enumerate(self.sizes))
        return _Trial(self.problem, sizes, *self.problem.evidence(_spread(sizes), self.mode))


def _spread(sizes: tuple[int, ...]) -> Floats:
    return np.array([_SPREADS[size] for size in sizes])
