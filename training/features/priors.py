"""Prior rates: signals per contact in the training rows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from heed.decisioning.score import Floats
from heed.training.features.feature import Feature, WindowMeasure, WindowOp
from heed.training.features.feature_schema import FeatureSchema


def with_priors(features: Iterable[Feature], draft: FeatureSchema, matrix: Floats) -> Iterator[Feature]:
    """The features with the prior of each rate; rates without any contact are dropped.

    Parameters
    ----------
    draft, matrix : FeatureSchema and array of float, shape (n, columns)
        Schema and matrix of the training rows, including the counts that each rate divides.
    """
    totals = dict(_totals(draft, matrix))
    for feature in features:
        if feature.measure is None or feature.measure.op is not WindowOp.RATE:
            yield feature
        elif contacts := totals[feature.source, feature.measure.contacts]:
            prior = totals[feature.source, feature.measure.events] / contacts
            yield replace(feature, measure=replace(feature.measure, prior=prior))


def _totals(draft: FeatureSchema, matrix: Floats) -> Iterator[tuple[tuple[str, WindowMeasure], float]]:
    for feature, column in zip(draft.features, matrix.T, strict=True):
        if feature.measure is not None:
            yield (feature.source, feature.measure), float(np.nansum(column))
