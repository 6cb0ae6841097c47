"""A logistic mixed model with random offsets by category, channel and action; variances by empirical Bayes."""

from dataclasses import dataclass

import numpy as np

from heed.decisioning.score import Floats
from heed.training.model.calibrators.laplace import MixedEffects, MixedModel
from heed.training.model.calibrators.logistic_regression import BinnedRows
from heed.training.model.calibrators.pooling_groups import PoolingGroups

# Grid of standard deviations for each level. A factor of two either way hardly changes predictions.
_SPREADS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_SWEEPS = 6
# Actions first, so that channel and category explain only what is clearly shared.
_ORDER = (2, 1, 0)
# Minimum gain of evidence in nats, so that ties are not decided by rounding.
_MIN_GAIN = 1e-3


def fit_mixed_effects(binned: BinnedRows, pooling_groups: PoolingGroups, start: Floats) -> MixedEffects:
    """Fit by coordinate search over the standard deviations, maximising the evidence.

    Parameters
    ----------
    binned : BinnedRows
        Rows binned by log-odds; the code is the group in `pooling_groups`.
    start : array of float, shape (3,)
        Initial standard deviations by category, channel and action.
    """
    problem = MixedModel(binned, pooling_groups)
    sizes = tuple(int(np.argmin(np.abs(np.array(_SPREADS) - value))) for value in start)
    trial = _Trial(problem, sizes, *problem.evidence(_spread(sizes), problem.start_scores))
    for _ in range(_SWEEPS):
        before = trial.sizes
        for kind in _ORDER:
            trial = trial.improved(kind)
        if trial.sizes == before:
            break
    return problem.estimates(_spread(trial.sizes), trial.mode)


@dataclass(frozen=True, eq=False)
class _Trial:
    """Standard deviations as indices into :data:`_SPREADS`, with their evidence and mode."""

    problem: MixedModel
    sizes: tuple[int, ...]
    evidence: float
    mode: Floats

    def improved(self, kind: int) -> "_Trial":
        """Increase, or else decrease, one standard deviation while the evidence grows."""
        wider = self._climb(kind, 1)
        return wider if wider is not self else self._climb(kind, -1)

    def _climb(self, kind: int, step: int) -> "_Trial":
        best = self
        while 0 <= best.sizes[kind] + step < len(_SPREADS):
            moved = best._moved(kind, step)
            if moved.evidence <= best.evidence + _MIN_GAIN:
                break
            best = moved
        return best

    def _moved(self, kind: int, step: int) -> "_Trial":
        sizes = tuple(size + step * (number == kind) for number, size in enumerate(self.sizes))
        return _Trial(self.problem, sizes, *self.problem.evidence(_spread(sizes), self.mode))


def _spread(sizes: tuple[int, ...]) -> Floats:
    return np.array([_SPREADS[size] for size in sizes])
