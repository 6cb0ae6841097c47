"""How large the model's errors are, found out by a rehearsal in which the truth is known.

A draw from the model's own posterior plays the truth, with as much hidden of every customer as the data show: outcomes
are drawn from it for the same customers, a second model is learnt from those of most of them as the first was from the
real ones, and the distance between what it says of the others and the truth is compared with what it states. This is
simulation-based calibration (Talts and others, "Validating Bayesian inference algorithms with simulation-based
calibration", 2018) of the whole procedure: learnt structure, shrinkage and choice of the number of trees included.
"""

from dataclasses import dataclass, replace

import numpy as np

from heed.decisioning.score import Floats
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.booster import BoosterSettings
from heed.training.model.heterogeneity import Heterogeneity, median_shift
from heed.training.model.log_odds import probability
from heed.training.model.probability_head import ProbabilityHead
from heed.training.model.sample import Indices, Sample
from heed.training.model.scoring_kernel import sum_deviations
from heed.training.model.split import folds
from heed.training.model.train_head import train_head
from heed.training.model.uncertainty import coverage_scale

_PARTS = 4


@dataclass(frozen=True, eq=False)
class BootstrapSample:
    """The same rows with outcomes of an imagined truth.

    Attributes
    ----------
    truth : array of float, shape (n,)
        True log-odds of every row, what is hidden of its customer included.
    """

    sample: Sample
    truth: Floats


def draw_bootstrap_sample(sample: Sample, head: ProbabilityHead, seed: int) -> BootstrapSample:
    """A rehearsal on these rows, with the posterior's first draw for its truth."""
    generator = np.random.default_rng(seed)
    places = head.trees.places(sample.matrix)
    off = sum_deviations(places, head.posterior.deviations[:, :1])[:, 0].astype(np.float64)
    said = head.calibration.curve(head.trees.sum(places) + off) + head.calibration.offsets.of_rows(
        sample.pooling_groups
    )
    variance = np.where(sample.held, head.hidden.resting, head.hidden.total)
    truth = said - median_shift(variance, probability(said)) + _hidden(sample, head.hidden, generator)
    return BootstrapSample(sample.with_labels(generator.random(len(sample)) < probability(truth)), truth)


def bootstrap_scale(rehearsal: BootstrapSample, schema: FeatureSchema, settings: BoosterSettings, seed: int) -> float:
    """The factor on the leaves' uncertainty at which intervals cover the truth of other customers at their level.

    The second model is a single booster. It errs more than the mean of several would, as it also learns from fewer
    customers: where that matters the factor is too large rather than too small.
    """
    sample = rehearsal.sample
    fold = folds(sample.customer, _PARTS, seed + 1)
    others = np.flatnonzero(fold == 0)
    alone = replace(settings, members=1)
    head = train_head(sample.take(np.flatnonzero(fold != 0)), schema, alone, seed).head
    unseen = sample.take(others)
    places = head.trees.places(unseen.matrix)
    curve, margin = head.calibration.curve, head.trees.sum(places)
    said = curve(margin) + head.calibration.offsets.of_rows(unseen.pooling_groups)
    spread = curve.slope(margin) * head.posterior.spread(places)
    hidden = np.where(unseen.held, head.hidden.resting, head.hidden.total)
    variance = hidden + head.novelty.of(unseen.matrix)
    error = rehearsal.truth[others] - (said - median_shift(variance, probability(said)))
    return coverage_scale(error, spread, np.sqrt(variance), head.posterior.level)


def _hidden(sample: Sample, hidden: Heterogeneity, generator: np.random.Generator) -> Floats:
    """What is hidden of each row's customer, in log-odds, shape (n,)."""
    action = sample.pooling_groups.action[sample.pooling_groups.code]
    pairs = np.unique(np.stack([sample.customer, action]), axis=1, return_inverse=True)[1].reshape(-1)
    return np.asarray(
        np.sqrt(hidden.resting) * _one_each(sample.customer, generator)
        + ~sample.held * np.sqrt(hidden.contacted) * _one_each(sample.customer, generator)
        + ~sample.held * np.sqrt(hidden.own) * _one_each(pairs, generator)
    )


def _one_each(group: Indices, generator: np.random.Generator) -> Floats:
    code = np.unique(group, return_inverse=True)[1].reshape(-1)
    return np.asarray(generator.standard_normal(int(code.max()) + 1)[code])
