"""One probability of a model, of the outcome or of harm, as served: calibrated and with its uncertainty."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from heed.decisioning.catalogue import HOLD, Action
from heed.decisioning.score import Floats
from heed.training.model.calibrators.pooled_calibration import PooledCalibration
from heed.training.model.heterogeneity import Heterogeneity
from heed.training.model.out_of_distribution import TrainingSupport
from heed.training.model.scoring_kernel import LeafScores, score_leaves
from heed.training.model.trees import Trees
from heed.training.model.uncertainty import LeafPosterior

# Seeds of shared draws: another name would change scores.
_BASELINE, _CONTACT, _UNSEEN = "resting", "contacted", "novel"
# Calibration offset, and variance and draws of unobserved heterogeneity.
CandidateTerms = tuple[float, float, Floats]


@dataclass(frozen=True, eq=False)
class ProbabilityHead:
    """A booster with its calibration and the uncertainty of both.

    Attributes
    ----------
    trees : Trees
    calibration : PooledCalibration
        From margins to log-odds, with an offset for each action.
    posterior : LeafPosterior
        Posterior draws of errors of the leaf values.
    heterogeneity : Heterogeneity
        Unobserved heterogeneity of customers.
    support : TrainingSupport
        Range of each feature in training, to detect out-of-distribution inputs.
    """

    trees: Trees
    calibration: PooledCalibration
    posterior: LeafPosterior
    heterogeneity: Heterogeneity
    support: TrainingSupport

    def serve(self, rows: Floats, actions: Sequence[Action], *, hold: bool) -> LeafScores:
        """Calibrated log-odds, propensity, interval and draws of the candidates of many decisions.

        Parameters
        ----------
        rows : array of float, shape (n, columns)
            Decision after decision, each with these actions in order, then hold if `hold` is set.
        """
        known = [self._candidate(action.action_id, action.channel, action.category) for action in actions]
        return self._serve(rows, [*known, self._candidate(HOLD, None, None)] if hold else known)

    def serve_action(self, rows: Floats, action_id: str, channel: str | None, category: str | None) -> LeafScores:
        """The same for rows of a single action, or of hold."""
        return self._serve(rows, [self._candidate(action_id, channel, category)])

    def contributions(self, rows: Floats) -> Floats:
        """SHAP values of the served margin, see :meth:`heed.training.model.trees.Trees.contributions`."""
        return self.trees.contributions(self.support.imputed(rows))

    def _serve(self, rows: Floats, candidates: Sequence[CandidateTerms]) -> LeafScores:
        shift, variance, draws = zip(*candidates, strict=True)
        return score_leaves(
            self.trees.leaves(self.support.imputed(rows)),
            self.trees.offsets,
            self.trees.values,
            self.posterior.deviations,
            self.calibration.curve.margin,
            self.calibration.curve.log_odds,
            np.array(shift),
            np.array(variance),
            np.stack(draws),
            self.support.unseen_variance(rows),
            standard_draws(_UNSEEN, self._samples),
            self.posterior.tilt,
            *self.posterior.reaches,
        )

    @property
    def all_leaves_uncertain(self) -> bool:
        """Whether all leaves have posterior draws, and not only those of the first member."""
        return len(self.posterior.deviations) == len(self.trees.values)

    def rescaled(self, factor: float) -> "ProbabilityHead":
        """The same head with the standard deviations of its leaf posterior multiplied by a factor."""
        return replace(self, posterior=self.posterior.scaled(factor))

    def _candidate(self, action_id: str, channel: str | None, category: str | None) -> CandidateTerms:
        candidate = self._candidates.get((action_id, channel, category))
        if candidate is None:
            candidate = self._candidate_terms(action_id, channel, category)
            self._candidates[action_id, channel, category] = candidate
        return candidate

    @cached_property
    def _candidates(self) -> dict[tuple[str, str | None, str | None], CandidateTerms]:
        return {}

    def _candidate_terms(self, action_id: str, channel: str | None, category: str | None) -> CandidateTerms:
        """Calibration offset of an action, and variance and draws of heterogeneity under it."""
        offset = self.calibration.offsets.of(action_id, channel, category)
        baseline = np.sqrt(self.heterogeneity.baseline) * standard_draws(_BASELINE, self._samples)
        if action_id == HOLD:
            return offset, self.heterogeneity.baseline, baseline
        contact = np.sqrt(self.heterogeneity.contact) * standard_draws(_CONTACT, self._samples)
        action = np.sqrt(self.heterogeneity.action) * standard_draws(f"action {action_id}", self._samples)
        return offset, self.heterogeneity.total, baseline + contact + action

    @property
    def _samples(self) -> int:
        return int(self.posterior.deviations.shape[1])


@lru_cache(maxsize=4_096)
def standard_draws(name: str, count: int) -> Floats:
    """Standard normal draws seeded by the name, rescaled to exactly mean 0 and variance 1; equal on every machine."""
    seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
    drawn = np.random.default_rng(seed).standard_normal(count)
    exact: Floats = (drawn - drawn.mean()) / drawn.std()
    exact.setflags(write=False)
    return exact
