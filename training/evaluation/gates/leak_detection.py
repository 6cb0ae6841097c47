"""Features that know the outcome because they were written down after it.

Windows over signals and contacts end before the moment of the decision and cannot look ahead. Attributes are snapshots,
and a snapshot taken later may tell what it should not: these checks look for that.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.features.feature import Feature, FeatureKind, FeatureSource
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.sample import Sample

LEAK_AUC = 0.98
_ENOUGH = 20
_MOST = 20_000
_SNAPSHOTS = (FeatureSource.CUSTOMER, FeatureSource.CONTEXT)
_TELLING_NAMES = frozenset({"outcome", "label", "target", "y"})
_TELLING_STARTS = ("out_", "outcome_", "label_", "target_")


@dataclass(frozen=True, slots=True)
class Leak:
    """A feature that should not be there, and the sentence that says why it is suspected."""

    feature: str
    sentence: str


def find_leaks(sample: Sample, schema: FeatureSchema, outcome: str) -> tuple[Leak, ...]:
    """The suspects among the features, at most one sentence each.

    Parameters
    ----------
    sample : Sample
        Rows with outcomes; with fewer than 20 of either kind only names are looked at.
    outcome : str
        The outcome type that is learnt.
    """
    sample = _thinned(sample)
    suspicions = (
        _suspicion(feature, sample.matrix[:, column], sample, outcome) for column, feature in enumerate(schema.features)
    )
    return tuple(Leak(feature.name, said) for feature, said in zip(schema.features, suspicions, strict=True) if said)


def _thinned(sample: Sample) -> Sample:
    """Evenly spaced rows: a perfect predictor shows in twenty thousand rows as in a million."""
    return sample.take(np.arange(0, len(sample), -(-len(sample) // _MOST)))


def _suspicion(feature: Feature, column: Floats, sample: Sample, outcome: str) -> str | None:
    if feature.source in _SNAPSHOTS and _named_after(feature.of, outcome):
        return f"`{feature.name}` is named like the outcome."
    positives = int(sample.label.sum())
    if min(positives, len(sample) - positives) < _ENOUGH:
        return None
    return next(_evidence(feature, column, sample), None)


def _evidence(feature: Feature, column: Floats, sample: Sample) -> Iterator[str]:
    if np.array_equal(column, sample.label.astype(np.float64)):
        yield f"`{feature.name}` equals the outcome on every row."
    present = ~np.isnan(column)
    if _tells(present, sample):
        share = float(sample.label[present].mean())
        yield f"`{feature.name}` is there almost only where the outcome happened ({share:.0%} of {present.sum()} rows)."
    alone = single_feature_auc(feature, column, sample)
    if alone > LEAK_AUC:
        yield f"`{feature.name}` alone predicts the outcome almost perfectly (AUC {alone:.3f})."


def _tells(present: np.ndarray, sample: Sample) -> bool:
    seen = int(present.sum())
    if not _ENOUGH <= seen < len(sample):
        return False
    return bool(sample.label[present].mean() >= LEAK_AUC and sample.label[~present].mean() < LEAK_AUC / 2)


def single_feature_auc(feature: Feature, column: Floats, sample: Sample) -> float:
    """Area under the ROC curve of one feature on its own, in [0.5, 1]; missing stands at whichever end serves best.

    Categories are ranked by their rate on every other row and judged on the rest.
    """
    if feature.kind is FeatureKind.CATEGORICAL:
        return _category_auc(column, sample)
    ends = (np.nanmin(column, initial=np.inf) - 1.0, np.nanmax(column, initial=-np.inf) + 1.0)
    areas = [roc_auc(sample.label, np.where(np.isnan(column), end, column)) for end in ends if np.isfinite(end)]
    return max((max(one, 1.0 - one) for one in areas), default=0.5)


def _category_auc(column: Floats, sample: Sample) -> float:
    codes = np.where(np.isnan(column), -1, column).astype(np.int64) + 1
    label = sample.label.astype(np.float64)
    count = np.bincount(codes[::2], minlength=codes.max() + 1)
    rate = (np.bincount(codes[::2], label[::2], codes.max() + 1) + label.mean()) / (count + 1.0)
    judged = sample.label[1::2]
    if judged.all() or not judged.any():
        return 0.5
    return roc_auc(judged, rate[codes[1::2]])


def roc_auc(label: NDArray[np.bool_], score: Floats) -> float:
    """Area under the ROC curve from mean ranks, in [0, 1]; both classes must be there."""
    _, group, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2.0
    positives = int(label.sum())
    above = float(rank[group][label].sum()) - positives * (positives + 1) / 2.0
    return above / (positives * (len(label) - positives))


def _named_after(name: str, outcome: str) -> bool:
    plain = name.casefold()
    return plain in _TELLING_NAMES | {outcome.casefold()} or plain.startswith(_TELLING_STARTS)
