"""Learning one probability from a sample: settings, booster, calibration, and what remains unknown."""

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

# Effects of features are known well enough from so many rows.
_EXPLAINED_ROWS = 1_000
# Settings are compared on so many rows at most: what is found of them hardly changes with more.
_SEARCHED_ROWS = 60_000
# Trees of one split see no interaction; beyond so many leaves they learn customers by heart.
_LEAST_LEAVES, _MOST_LEAVES = 3, 96
# How much harder trees may look at actions, one step after the other.
_EMPHASES = (1.0, 3.0, 12.0)


@dataclass(frozen=True, eq=False)
class TrainedHead:
    """A head, and what was found on the way to it.

    Attributes
    ----------
    crossed : CrossFit
        Margins of all rows by models that had not seen the customer.
    propensity : array of float, shape (n,)
        These margins calibrated.
    record : mapping
        How the calibration was chosen, JSON-ready.
    """

    head: ProbabilityHead
    crossed: CrossFit
    propensity: Floats
    record: Mapping[str, Any]


def train_head(
    sample: Sample,
    schema: FeatureSchema,
    settings: BoosterSettings,
    seed: int = 0,
    *,
    by_action: bool = False,
    expected: HeterogeneityPrior | None = None,
) -> TrainedHead:
    """A head of unscaled uncertainty.

    Cross-fitting says how many trees there should be and what a model says of customers it has not seen; on that it is
    calibrated. The boosters whose mean serves are then fitted on all rows.

    Parameters
    ----------
    by_action : bool
        Whether it is calibrated with offsets by action in any case.
    expected : HeterogeneityPrior or None
        What is taken to be hidden of customers before their contacts speak.
    """
    crossed = cross_fit(sample, schema, settings, seed)
    chosen = select_calibration(
        crossed.margin, sample.label, sample.pooling_groups, sample.customer, seed, by_action=by_action
    )
    offset = chosen.calibration.offsets.of_rows(sample.pooling_groups)
    propensity = chosen.calibration.probability(crossed.margin, offset)
    hidden = _hidden(sample, crossed, chosen.calibration, propensity, expected)
    rounds = full_data_rounds(crossed.rounds, settings)
    head = _grown(sample, schema, settings, rounds, seed, chosen.calibration, hidden)
    return TrainedHead(head, crossed, propensity, chosen.record)


def retrain_head(
    head: ProbabilityHead, sample: Sample, schema: FeatureSchema, settings: BoosterSettings, seed: int = 0
) -> ProbabilityHead:
    """The same head with boosters fitted on other rows, such as those that judged it.

    What rests on customers whom a model has not seen stays as it is: number of trees, calibration, what is hidden of
    customers, and by how much the posterior is stretched.
    """
    rounds = len(head.trees.offsets) // settings.members
    grown = _grown(sample, schema, settings, rounds, seed, head.calibration, head.hidden)
    return grown.stretched(head.posterior.scale)


def _grown(
    sample: Sample,
    schema: FeatureSchema,
    settings: BoosterSettings,
    rounds: int,
    seed: int,
    calibration: PooledCalibration,
    hidden: Heterogeneity,
) -> ProbabilityHead:
    """A head of boosters fitted on these rows, of unscaled uncertainty.

    The posterior is that of the first member's leaves: the others have none of their own, since what is not known of
    their mean is not known of the first either, and the Gram matrix grows with the square of the leaves.
    """
    members = fit_ensemble(sample, schema, settings, rounds, seed)
    trees = read_trees(average_boosters(members))
    places = trees.places(sample.matrix)
    first, leaves = places[:, : members[0].num_trees()], read_trees(members[0]).values.size
    return ProbabilityHead(
        trees=trees,
        calibration=calibration,
        posterior=fit_posterior(first, trees.sum(places), leaves, seed),
        hidden=hidden,
        novelty=fit_training_support(sample.matrix, _effects(trees, calibration.curve, sample.matrix, seed), schema),
    )


def search_settings(
    sample: Sample, schema: FeatureSchema, start: BoosterSettings, seed: int
) -> tuple[BoosterSettings, dict[str, float]]:
    """The settings of the least cross-fitted log-loss within reach, and the loss of each that was tried.

    From the start it goes to the neighbour of the least loss for as long as one is better: half or twice the leaves, or
    the next emphasis on actions. It looks at 60,000 rows at most and takes customers whole.
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
            return best, {_named(one): losses[one] for one in losses}
        best = nearest


def _some(sample: Sample, seed: int) -> Sample:
    share = _SEARCHED_ROWS / len(sample)
    if share >= 1.0:
        return sample
    owners = np.unique(sample.customer)
    taken = np.random.default_rng(seed).random(len(owners)) < share
    return sample.take(np.flatnonzero(np.isin(sample.customer, owners[taken])))


def _neighbours(settings: BoosterSettings) -> tuple[BoosterSettings, ...]:
    sizes = [size for size in (settings.leaves // 2, 2 * settings.leaves) if _LEAST_LEAVES <= size <= _MOST_LEAVES]
    below = [one for one in _EMPHASES if one < settings.action_emphasis][-1:]
    above = [one for one in _EMPHASES if one > settings.action_emphasis][:1]
    return (
        *(replace(settings, leaves=size) for size in sizes),
        *(replace(settings, action_emphasis=emphasis) for emphasis in below + above),
    )


def _named(settings: BoosterSettings) -> str:
    return f"leaves {settings.leaves}, action emphasis {settings.action_emphasis:g}"


def _hidden(
    sample: Sample,
    crossed: CrossFit,
    calibration: PooledCalibration,
    propensity: Floats,
    expected: HeterogeneityPrior | None,
) -> Heterogeneity:
    if sample.foreseen is None:
        return Heterogeneity()
    return estimate_heterogeneity(
        sample, propensity, out_of_fold_probability(crossed, calibration, sample.foreseen), expected
    )


def out_of_fold_probability(crossed: CrossFit, calibration: PooledCalibration, rows: Rows) -> Floats:
    """Calibrated probability of other rows of the same customers, by models that have not seen them: shape (n,)."""
    return calibration.probability(crossed.margins(rows.matrix), calibration.offsets.of_rows(rows.pooling_groups))


def _effects(trees: Trees, curve: Curve, matrix: Floats, seed: int) -> Floats:
    """Effects of the features in calibrated log-odds on some of the rows, shape (rows, columns)."""
    count = min(_EXPLAINED_ROWS, len(matrix))
    rows = np.random.default_rng(seed).choice(len(matrix), size=count, replace=False)
    contributions = trees.contributions(matrix[rows])
    effects: Floats = contributions[:, :-1] * curve.slope(contributions.sum(axis=1))[:, None]
    return effects
