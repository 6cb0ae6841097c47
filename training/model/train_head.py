"""Training one probability head: hyperparameters, booster, calibration and uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heed.decisioning.score import Floats
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.booster import BoosterSettings, CrossFit, cross_fit, fit_ensemble, full_data_rounds
from heed.training.model.calibrators.curve import Curve
from heed.training.model.calibrators.pooled_calibration import PooledCalibration
from heed.training.model.calibrators.selection import select_calibration
from heed.training.model.ensemble import average_boosters
from heed.training.model.heterogeneity import Heterogeneity, HeterogeneityPrior, estimate_heterogeneity
from heed.training.model.out_of_distribution import fit_training_support
from heed.training.model.probability_head import ProbabilityHead
from heed.training.model.sample import Rows, Sample
from heed.training.model.trees import Trees, read_trees
from heed.training.model.uncertainty import fit_posterior

# Enough rows to estimate the effects of features.
_EXPLAINED_ROWS = 1_000
# Hyperparameters are compared on this many rows at most: the choice hardly changes with more.
_SEARCHED_ROWS = 60_000
# Trees of one split model no interaction; beyond 96 leaves they overfit to single customers.
_MIN_LEAVES, _MAX_LEAVES = 3, 96
# Action emphases to search, in order.
_EMPHASES = (1.0, 3.0, 12.0)


@dataclass(frozen=True, eq=False)
class TrainedHead:
    """A trained head with the by-products of training.

    Attributes
    ----------
    out_of_fold : CrossFit
        Out-of-fold margins of all rows.
    propensity : array of float, shape (n,)
        Calibrated out-of-fold predictions.
    record : mapping
        How the calibration was selected, JSON-ready.
    """

    head: ProbabilityHead
    out_of_fold: CrossFit
    propensity: Floats
    record: Mapping[str, Any]


def train_head(
    sample: Sample,
    schema: FeatureSchema,
    settings: BoosterSettings,
    seed: int = 0,
    *,
    by_action: bool = False,
    prior: HeterogeneityPrior | None = None,
) -> TrainedHead:
    """Train a head whose posterior is not yet scaled.

    Cross-fitting chooses the number of trees and gives out-of-fold margins, on which the calibration is fitted. The
    ensemble that serves is then trained on all rows.

    Parameters
    ----------
    by_action : bool
        Whether the calibration always has offsets by action.
    prior : HeterogeneityPrior or None
        Prior on unobserved heterogeneity.
    """
    out_of_fold = cross_fit(sample, schema, settings, seed)
    chosen = select_calibration(
        out_of_fold.margin, sample.label, sample.pooling_groups, sample.customer, seed, by_action=by_action
    )
    offset = chosen.calibration.offsets.of_rows(sample.pooling_groups)
    propensity = chosen.calibration.probability(out_of_fold.margin, offset)
    heterogeneity = _heterogeneity(sample, out_of_fold, chosen.calibration, propensity, prior)
    rounds = full_data_rounds(out_of_fold.rounds, settings)
    head = _grown(sample, schema, settings, rounds, seed, chosen.calibration, heterogeneity)
    return TrainedHead(head, out_of_fold, propensity, chosen.record)


def retrain_head(
    head: ProbabilityHead, sample: Sample, schema: FeatureSchema, settings: BoosterSettings, seed: int = 0
) -> ProbabilityHead:
    """Train the boosters of a head again on other rows, such as all rows after evaluation.

    Everything estimated on held-out customers is kept: number of trees, calibration, heterogeneity and the scale of the
    posterior.
    """
    rounds = len(head.trees.offsets) // settings.members
    grown = _grown(sample, schema, settings, rounds, seed, head.calibration, head.heterogeneity)
    return grown.rescaled(head.posterior.scale)


def _grown(
    sample: Sample,
    schema: FeatureSchema,
    settings: BoosterSettings,
    rounds: int,
    seed: int,
    calibration: PooledCalibration,
    heterogeneity: Heterogeneity,
) -> ProbabilityHead:
    """A head with boosters trained on these rows and an unscaled posterior.

    Only the first member's leaves get a posterior: the error of the ensemble mean is close to that of the first member,
    and the Gram matrix grows with the square of the number of leaves.
    """
    members = fit_ensemble(sample, schema, settings, rounds, seed)
    trees = read_trees(average_boosters(members))
    leaf_indices = trees.leaf_indices(sample.matrix)
    first, leaves = leaf_indices[:, : members[0].num_trees()], read_trees(members[0]).values.size
    return ProbabilityHead(
        trees=trees,
        calibration=calibration,
        posterior=fit_posterior(first, trees.sum(leaf_indices), leaves, seed),
        heterogeneity=heterogeneity,
        support=fit_training_support(sample.matrix, _effects(trees, calibration.curve, sample.matrix, seed), schema),
    )


def search_settings(
    sample: Sample, schema: FeatureSchema, start: BoosterSettings, seed: int
) -> tuple[BoosterSettings, dict[str, float]]:
    """Hyperparameters found by local search on cross-fitted log-loss, and the loss of each setting tried.

    Starting from `start`, the search moves to the best neighbour while it improves: half or twice the leaves, or the
    next action emphasis. It uses at most 60,000 rows and never splits a customer.
    """
    part = _some(sample, seed)
    losses: dict[BoosterSettings, float] = {}

    def loss(settings: BoosterSettings) -> float:
        if settings not in losses:
            losses[settings] = cross_fit(part, schema, settings, seed).loss
        return losses[settings]

    best = start
    while True:
        nearest = min(_neighbours(best), key=loss)
        if loss(nearest) >= loss(best):
            return best, {_label(settings): value for settings, value in losses.items()}
        best = nearest


def _some(sample: Sample, seed: int) -> Sample:
    share = _SEARCHED_ROWS / len(sample)
    if share >= 1.0:
        return sample
    owners = np.unique(sample.customer)
    taken = np.random.default_rng(seed).random(len(owners)) < share
    return sample.take(np.flatnonzero(np.isin(sample.customer, owners[taken])))


def _neighbours(settings: BoosterSettings) -> tuple[BoosterSettings, ...]:
    sizes = [size for size in (settings.leaves // 2, 2 * settings.leaves) if _MIN_LEAVES <= size <= _MAX_LEAVES]
    below = [emphasis for emphasis in _EMPHASES if emphasis < settings.action_emphasis][-1:]
    above = [emphasis for emphasis in _EMPHASES if emphasis > settings.action_emphasis][:1]
    return (
        *(replace(settings, leaves=size) for size in sizes),
        *(replace(settings, action_emphasis=emphasis) for emphasis in below + above),
    )


def _label(settings: BoosterSettings) -> str:
    return f"leaves {settings.leaves}, action emphasis {settings.action_emphasis:g}"


def _heterogeneity(
    sample: Sample,
    out_of_fold: CrossFit,
    calibration: PooledCalibration,
    propensity: Floats,
    prior: HeterogeneityPrior | None,
) -> Heterogeneity:
    if sample.next_action_rows is None:
        return Heterogeneity()
    return estimate_heterogeneity(
        sample, propensity, out_of_fold_probability(out_of_fold, calibration, sample.next_action_rows), prior
    )


def out_of_fold_probability(out_of_fold: CrossFit, calibration: PooledCalibration, rows: Rows) -> Floats:
    """Calibrated out-of-fold probability of other rows of the same customers: shape (n,)."""
    return calibration.probability(out_of_fold.margins(rows.matrix), calibration.offsets.of_rows(rows.pooling_groups))


def _effects(trees: Trees, curve: Curve, matrix: Floats, seed: int) -> Floats:
    """Effects of features in calibrated log-odds on a sample of rows, shape (rows, columns)."""
    count = min(_EXPLAINED_ROWS, len(matrix))
    rows = np.random.default_rng(seed).choice(len(matrix), size=count, replace=False)
    contributions = trees.contributions(matrix[rows])
    effects: Floats = contributions[:, :-1] * curve.slope(contributions.sum(axis=1))[:, None]
    return effects
