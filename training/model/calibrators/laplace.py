"""Mode and evidence of a logistic mixed model with given variance components, by Laplace's approximation."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from heed.decisioning.score import Floats
from heed.training.model.calibrators.logistic_regression import BinnedRows, group_sums, log_likelihood
from heed.training.model.calibrators.pooling_groups import Ints, PoolingGroups

_ROUNDS = 50
_HALVINGS = 30
# Stops when another step would gain less than half of this, in nats over all rows.
_TOLERANCE = 1e-5
# Precisions of weakly informative normal priors on intercept and slope.
_WEAK_PRIOR = np.array([0.01, 1.0])


@dataclass(frozen=True, eq=False)
class MixedEffects:
    """Estimates of a logistic mixed model.

    Attributes
    ----------
    intercept, slope : float
        Fixed effects, on the log-odds of the curve.
    category, channel, action : array of float
        Offsets (random effects) in log-odds, in the order of the names of the pooling groups.
    spread : array of float, shape (3,)
        Standard deviations of the offsets by category, channel and action.
    category_error, channel_error : array of float
        Posterior standard deviations of these offsets.
    total_error : array of float, shape (groups,)
        The same for the sum of a group's offsets.
    """

    intercept: float
    slope: float
    category: Floats
    channel: Floats
    action: Floats
    spread: Floats
    category_error: Floats
    channel_error: Floats
    total_error: Floats


@dataclass(frozen=True, eq=False)
class NewtonEquations:
    """Newton's equations. The part of actions is diagonal, so it is eliminated before solving.

    Attributes
    ----------
    shared : array of float, shape (few, few)
        Block of intercept, slope, categories and channels.
    between : array of float, shape (few, actions)
    own : array of float, shape (actions,)
        Diagonal of the block of actions.
    """

    shared: Floats
    between: Floats
    own: Floats

    @cached_property
    def reduced(self) -> Floats:
        """Schur complement of the block of actions."""
        return self.shared - (self.between / self.own) @ self.between.T

    def solve(self, gradient: Floats) -> Floats:
        """Newton's step."""
        few = len(self.shared)
        own = gradient[few:] / self.own
        shared = np.linalg.solve(self.reduced, gradient[:few] - self.between @ own)
        return np.concatenate([shared, own - (shared @ self.between) / self.own])

    def errors(self) -> Floats:
        """Posterior standard deviations of the shared parameters."""
        errors: Floats = np.sqrt(np.diag(np.linalg.inv(self.reduced)))
        return errors

    def errors_of(self, shared: Floats, own: Floats, index: Ints) -> Floats:
        """Posterior standard deviations of linear combinations of parameters.

        Parameters
        ----------
        shared : array of float, shape (few, n)
            Weights of the shared parameters in each combination.
        own : array of float, shape (n,)
            Weight of the parameter of action `index`.
        """
        left = shared - self.between[:, index] * (own / self.own[index])
        errors: Floats = np.sqrt(own**2 / self.own[index] + np.sum(left * np.linalg.solve(self.reduced, left), axis=0))
        return errors

    @property
    def log_determinant(self) -> float:
        """Log-determinant of the full matrix."""
        return float(np.linalg.slogdet(self.reduced)[1] + np.log(self.own).sum())


@dataclass(frozen=True, eq=False)
class MixedModel:
    """A logistic mixed model in the parameters intercept, slope, and standard normal scores of the random effects.

    An offset is its score times the standard deviation of its level, so a standard deviation of 0 is no special case.
    """

    binned: BinnedRows
    pooling_groups: PoolingGroups

    @cached_property
    def start_scores(self) -> Floats:
        """All parameters at 0."""
        return np.zeros(
            2
            + len(self.pooling_groups.categories)
            + len(self.pooling_groups.channels)
            + len(self.pooling_groups.actions)
        )

    @cached_property
    def centred(self) -> Floats:
        """Predictor minus its mean, which decorrelates intercept and slope."""
        return self.binned.predictor - self.middle

    @cached_property
    def middle(self) -> float:
        """Mean of the predictor over all rows."""
        return float(self.binned.predictor @ self.binned.rows / self.binned.rows.sum())

    @cached_property
    def membership(self) -> Floats:
        """Indicator of each group's category and channel, shape (groups, categories + channels)."""
        columns = np.concatenate(
            [np.arange(len(self.pooling_groups.categories)), np.arange(len(self.pooling_groups.channels))]
        )
        of = np.repeat([0, 1], [len(self.pooling_groups.categories), len(self.pooling_groups.channels)])
        indices = np.stack([self.pooling_groups.category, self.pooling_groups.channel], axis=1)
        member: Floats = (indices[:, of] == columns).astype(np.float64)
        return member

    def evidence(self, spread: Floats, start: Floats) -> tuple[float, Floats]:
        """Laplace's approximation of the marginal log-likelihood, up to a constant, and the mode."""
        scale = self._scales(spread)
        scores = np.where(scale > 0.0, start, 0.0)
        for _ in range(_ROUNDS):
            gradient, equations = self._newton(scale, scores)
            step = equations.solve(gradient)
            scores = self._climb(scale, scores, step)
            if float(gradient @ step) < _TOLERANCE:
                break
        return self._posterior(scale, scores) - equations.log_determinant / 2.0, scores

    def estimates(self, spread: Floats, scores: Floats) -> MixedEffects:
        """The offsets and fixed effects of these scores, with posterior errors."""
        scale = self._scales(spread)
        categories, few = 2 + len(self.pooling_groups.categories), 2 + self.membership.shape[1]
        offsets, equations = scores * scale, self._newton(scale, scores)[1]
        shared = np.vstack([np.zeros((2, len(self.membership))), scale[2:few, None] * self.membership.T])
        errors = equations.errors() * scale[:few]
        return MixedEffects(
            intercept=float(scores[0] - scores[1] * self.middle),
            slope=1.0 + float(scores[1]),
            category=offsets[2:categories],
            channel=offsets[categories:few],
            action=offsets[few:],
            spread=spread,
            category_error=errors[2:categories],
            channel_error=errors[categories:],
            total_error=equations.errors_of(
                shared, scale[few:][self.pooling_groups.action], self.pooling_groups.action
            ),
        )

    def _scales(self, spread: Floats) -> Floats:
        counts = [
            len(self.pooling_groups.categories),
            len(self.pooling_groups.channels),
            len(self.pooling_groups.actions),
        ]
        return np.concatenate([np.ones(2), np.repeat(spread, counts)])

    def _log_odds(self, scale: Floats, scores: Floats) -> Floats:
        moved = scores * scale
        few = 2 + self.membership.shape[1]
        of_kind = self.membership @ moved[2:few] + moved[few:][self.pooling_groups.action]
        line: Floats = moved[0] + moved[1] * self.centred
        return self.binned.predictor + line + of_kind[self.binned.code]

    def _posterior(self, scale: Floats, scores: Floats) -> float:
        prior = float(_WEAK_PRIOR @ scores[:2] ** 2 + scores[2:] @ scores[2:]) / 2.0
        return log_likelihood(self._log_odds(scale, scores), self.binned) - prior

    def _climb(self, scale: Floats, scores: Floats, step: Floats) -> Floats:
        now = self._posterior(scale, scores)
        for halving in range(_HALVINGS):
            moved: Floats = scores + step * 0.5**halving
            if self._posterior(scale, moved) >= now:
                return moved
        return scores

    def _newton(self, scale: Floats, scores: Floats) -> tuple[Floats, NewtonEquations]:
        """Gradient of the log-posterior, and minus its second derivatives."""
        p = expit(self._log_odds(scale, scores))
        residual = self.binned.hits - self.binned.rows * p
        left = self._by_group(residual)
        line = np.array([left.sum(), residual @ self.centred])
        pull = np.concatenate([_WEAK_PRIOR * scores[:2], scores[2:]])
        gradient = scale * np.concatenate([line, left @ self.membership, self._by_action(left)]) - pull
        return gradient, self._equations(scale, self.binned.rows * p * (1.0 - p))

    def _equations(self, scale: Floats, weight: Floats) -> NewtonEquations:
        few = 2 + self.membership.shape[1]
        heavy, leaning = self._by_group(weight), self._by_group(weight * self.centred)
        crossed = np.column_stack([heavy, leaning, heavy[:, None] * self.membership])
        shared = np.empty((few, few))
        shared[2:] = self.membership.T @ crossed
        shared[:2, 2:] = shared[2:, :2].T
        shared[:2, :2] = [[heavy.sum(), leaning.sum()], [leaning.sum(), weight @ self.centred**2]]
        prior = np.concatenate([_WEAK_PRIOR, np.ones(few - 2)])
        return NewtonEquations(
            shared=scale[:few, None] * scale[:few] * shared + np.diag(prior),
            between=scale[:few, None] * self._by_action(crossed).T * scale[few:],
            own=1.0 + scale[few:] ** 2 * self._by_action(heavy),
        )

    def _by_group(self, values: Floats) -> Floats:
        return group_sums(self.binned.code, values, len(self.pooling_groups.action))

    def _by_action(self, values: Floats) -> Floats:
        """Sum over the groups of each action, shape (actions, ...)."""
        total = np.zeros((len(self.pooling_groups.actions), *values.shape[1:]))
        np.add.at(total, self.pooling_groups.action, values)
        return total
