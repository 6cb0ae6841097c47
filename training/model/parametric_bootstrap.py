"""Parametric bootstrap: calibrate the width of intervals on outcomes simulated from a known truth.

One posterior draw of the model, plus unobserved heterogeneity, serves as the truth. Outcomes are simulated from it for
the same customers, a second model is trained on most of them in the same way as the first, and its errors on the other
customers are compared with the uncertainty that it states. This is simulation-based calibration (Talts and others,
"Validating Bayesian inference algorithms with simulation-based calibration", 2018) of the whole procedure, including
tree structure, shrinkage and early stopping.
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
    """The same rows with outcomes simulated from a known truth.

    Attributes
    ----------
    truth : array of float, shape (n,)
        True log-odds of every row, including its customer's heterogeneity.
    """

    sample: Sample
    truth: Floats


def draw_bootstrap_sample(sample: Sample, head: ProbabilityHead, seed: int) -> BootstrapSample:
    """Simulate outcomes for these rows, with the first posterior draw as the truth."""
    generator = np.random.default_rng(seed)
    leaves = head.trees.leaf_indices(sample.matrix)
    off = sum_deviations(leaves, head.posterior.deviations[:, :1])[:, 0].astype(np.float64)
    log_odds = head.calibration.curve(head.trees.sum(leaves) + off) + head.calibration.offsets.of_rows(
        sample.pooling_groups
    )
    variance = np.where(sample.is_hold, head.heterogeneity.baseline, head.heterogeneity.total)
    truth = (
        log_odds
        - median_shift(variance, probability(log_odds))
        + _draw_heterogeneity(sample, head.heterogeneity, generator)
    )
    return BootstrapSample(sample.with_labels(generator.random(len(sample)) < probability(truth)), truth)


def bootstrap_scale(bootstrap: BootstrapSample, schema: FeatureSchema, settings: BoosterSettings, seed: int) -> float:
    """The factor on the leaf posterior at which intervals cover the truth of held-out customers at their level.

    The second model is a single booster trained on fewer customers, so it errs more than the ensemble: the factor is
    conservative.
    """
    sample = bootstrap.sample
    fold = folds(sample.customer, _PARTS, seed + 1)
    held_out = np.flatnonzero(fold == 0)
    alone = replace(settings, members=1)
    head = train_head(sample.take(np.flatnonzero(fold != 0)), schema, alone, seed).head
    test = sample.take(held_out)
    leaves = head.trees.leaf_indices(test.matrix)
    curve, margin = head.calibration.curve, head.trees.sum(leaves)
    log_odds = curve(margin) + head.calibration.offsets.of_rows(test.pooling_groups)
    spread = curve.slope(margin) * head.posterior.spread(leaves)
    variance = np.where(test.is_hold, head.heterogeneity.baseline, head.heterogeneity.total)
    variance = variance + head.support.unseen_variance(test.matrix)
    error = bootstrap.truth[held_out] - (log_odds - median_shift(variance, probability(log_odds)))
    return coverage_scale(error, spread, np.sqrt(variance), head.posterior.level)


def _draw_heterogeneity(sample: Sample, heterogeneity: Heterogeneity, generator: np.random.Generator) -> Floats:
    """Draw the heterogeneity of each row's customer, in log-odds, shape (n,)."""
    action = sample.pooling_groups.action[sample.pooling_groups.code]
    pairs = np.unique(np.stack([sample.customer, action]), axis=1, return_inverse=True)[1].reshape(-1)
    return np.asarray(
        np.sqrt(heterogeneity.baseline) * _one_each(sample.customer, generator)
        + ~sample.is_hold * np.sqrt(heterogeneity.contact) * _one_each(sample.customer, generator)
        + ~sample.is_hold * np.sqrt(heterogeneity.action) * _one_each(pairs, generator)
    )


def _one_each(group: Indices, generator: np.random.Generator) -> Floats:
    code = np.unique(group, return_inverse=True)[1].reshape(-1)
    return np.asarray(generator.standard_normal(int(code.max()) + 1)[code])
