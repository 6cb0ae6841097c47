"""One probability of a model, of the outcome or of harm: what is served of it, with its uncertainty."""

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

_RESTING, _CONTACTED, _NOVEL = "resting", "contacted", "novel"
# Offset of the calibration, variance of what is hidden, and its draws.
CandidateTerms = tuple[float, float, Floats]


@dataclass(frozen=True, eq=False)
class ProbabilityHead:
    """A booster with its calibration, and what is not known of either.

    Attributes
    ----------
    trees : Trees
    calibration : PooledCalibration
        From margins to log-odds, with an offset for each action.
    posterior : LeafPosterior
        What the leaves' values may be off by.
    hidden : Heterogeneity
        What no feature tells of a customer.
    novelty : TrainingSupport
        What was seen of each feature.
    """

    trees: Trees
    calibration: PooledCalibration
    posterior: LeafPosterior
    hidden: Heterogeneity
    novelty: TrainingSupport

    def serve(self, rows: Floats, actions: Sequence[Action], *, hold: bool) -> LeafScores:
        """Calibrated log-odds, propensity, low, high and draws of the candidates of many decisions.

        Parameters
        ----------
        rows : array of float, shape (n, columns)
            Decision after decision, each with these actions in their order, and hold last if asked for.
        """
        known = [self._candidate(action.action_id, action.channel, action.category) for action in actions]
        return self._serve(rows, [*known, self._candidate(HOLD, None, None)] if hold else known)

    def serve_action(self, rows: Floats, action_id: str, channel: str | None, category: str | None) -> LeafScores:
        """The same for rows that all are of one action, or of hold."""
        return self._serve(rows, [self._candidate(action_id, channel, category)])

    def contributions(self, rows: Floats) -> Floats:
        """SHAP values of the margin that is served, see :meth:`heed.training.model.trees.Trees.contributions`."""
        return self.trees.contributions(self.novelty.completed(rows))

    def _serve(self, rows: Floats, candidates: Sequence[CandidateTerms]) -> LeafScores:
        shift, hidden, draws = zip(*candidates, strict=True)
        return score_leaves(
            self.trees.leaves(self.novelty.completed(rows)),
            self.trees.offsets,
            self.trees.values,
            self.posterior.deviations,
            self.calibration.curve.margin,
            self.calibration.curve.log_odds,
            np.array(shift),
            np.array(hidden),
            np.stack(draws),
            self.novelty.of(rows),
            standard_draws(_NOVEL, self._samples),
            self.posterior.tilt,
            *self.posterior.reaches,
        )

    @property
    def all_leaves_uncertain(self) -> bool:
        """Whether every leaf has deviations, and not those of the first booster alone."""
        return len(self.posterior.deviations) == len(self.trees.values)

    def stretched(self, factor: float) -> "ProbabilityHead":
        """The same head, the uncertainty of its leaves stretched by a factor."""
        return replace(self, posterior=self.posterior.scaled(factor))

    def _candidate(self, action_id: str, channel: str | None, category: str | None) -> CandidateTerms:
        found = self._made.get((action_id, channel, category))
        if found is None:
            found = self._make(action_id, channel, category)
            self._made[action_id, channel, category] = found
        return found

    @cached_property
    def _made(self) -> dict[tuple[str, str | None, str | None], CandidateTerms]:
        return {}

    def _make(self, action_id: str, channel: str | None, category: str | None) -> CandidateTerms:
        """The calibration's offset of an action, and variance and draws of what is hidden of customers with it."""
        offset = self.calibration.offsets.of(action_id, channel, category)
        resting = np.sqrt(self.hidden.resting) * standard_draws(_RESTING, self._samples)
        if action_id == HOLD:
            return offset, self.hidden.resting, resting
        contacted = np.sqrt(self.hidden.contacted) * standard_draws(_CONTACTED, self._samples)
        own = np.sqrt(self.hidden.own) * standard_draws(f"action {action_id}", self._samples)
        return offset, self.hidden.total, resting + contacted + own

    @property
    def _samples(self) -> int:
        return int(self.posterior.deviations.shape[1])


@lru_cache(maxsize=4_096)
def standard_draws(name: str, count: int) -> Floats:
    """So many draws of mean 0 and variance 1, which follow from the name alone: the same on every machine."""
    seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
    drawn = np.random.default_rng(seed).standard_normal(count)
    exact: Floats = (drawn - drawn.mean()) / drawn.std()
    exact.setflags(write=False)
    return exact
