"""Detection of target leakage: features recorded after the outcome.

Windows over signals and contacts end before the decision and cannot leak. Attributes are snapshots, and a snapshot
taken after the outcome may reveal it.
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
_MIN_ROWS = 20
_MAX_ROWS = 20_000
_SNAPSHOTS = (FeatureSource.CUSTOMER, FeatureSource.CONTEXT)
_SUSPICIOUS_NAMES = frozenset({"outcome", "label", "target", "y"})
_SUSPICIOUS_PREFIXES = ("out_", "outcome_", "label_", "target_")


@dataclass(frozen=True, slots=True)
class Leak:
    """A suspected feature and the reason."""

    feature: str
    sentence: str


def find_leaks(sample: Sample, schema: FeatureSchema, outcome: str) -> tuple[Leak, ...]:
    """The suspected features, one reason each.

    Parameters
    ----------
    sample : Sample
        Rows with outcomes; with fewer than 20 of either class only names are checked.
    outcome : str
        The outcome type that the model predicts.
    """
    sample = _subsample(sample)
    suspicions = (
        _suspicion(feature, sample.matrix[:, column], sample, outcome) for column, feature in enumerate(schema.features)
    )
    return tuple(
        Leak(feature.name, reason) for feature, reason in zip(schema.features, suspicions, strict=True) if reason
    )


def _subsample(sample: Sample) -> Sample:
    """Evenly spaced rows: 20,000 are enough to find a perfect predictor."""
    return sample.take(np.arange(0, len(sample), -(-len(sample) // _MAX_ROWS)))


def _suspicion(feature: Feature, column: Floats, sample: Sample, outcome: str) -> str | None:
    if feature.source in _SNAPSHOTS and _named_after(feature.of, outcome):
        return f"`{feature.name}` is named like the outcome."
    positives = int(sample.label.sum())
    if min(positives, len(sample) - positives) < _MIN_ROWS:
        return None
    return next(_evidence(feature, column, sample), None)


def _evidence(feature: Feature, column: Floats, sample: Sample) -> Iterator[str]:
    if np.array_equal(column, sample.label.astype(np.float64)):
        yield f"`{feature.name}` equals the outcome on every row."
    present = ~np.isnan(column)
    if _presence_leaks(present, sample):
        share = float(sample.label[present].mean())
        rows = f"{share:.0%} of {present.sum()} rows"
        yield f"`{feature.name}` is present almost only where the outcome happened ({rows})."
    alone = single_feature_auc(feature, column, sample)
    if alone > LEAK_AUC:
        yield f"`{feature.name}` alone predicts the outcome almost perfectly (AUC {alone:.3f})."


def _presence_leaks(present: np.ndarray, sample: Sample) -> bool:
    count = int(present.sum())
    if not _MIN_ROWS <= count < len(sample):
        return False
    return bool(sample.label[present].mean() >= LEAK_AUC and sample.label[~present].mean() < LEAK_AUC / 2)


def single_feature_auc(feature: Feature, column: Floats, sample: Sample) -> float:
    """ROC AUC of one feature alone, in [0.5, 1], with missing values at the better end.

    Categories are ranked by their outcome rate on every other row and evaluated on the rest.
    """
    if feature.kind is FeatureKind.CATEGORICAL:
        return _category_auc(column, sample)
    ends = (np.nanmin(column, initial=np.inf) - 1.0, np.nanmax(column, initial=-np.inf) + 1.0)
    areas = [roc_auc(sample.label, np.where(np.isnan(column), end, column)) for end in ends if np.isfinite(end)]
    return max((max(area, 1.0 - area) for area in areas), default=0.5)


def _category_auc(column: Floats, sample: Sample) -> float:
    codes = np.where(np.isnan(column), -1, column).astype(np.int64) + 1
    label = sample.label.astype(np.float64)
    count = np.bincount(codes[::2], minlength=codes.max() + 1)
    rate = (np.bincount(codes[::2], label[::2], codes.max() + 1) + label.mean()) / (count + 1.0)
    labels = sample.label[1::2]
    if labels.all() or not labels.any():
        return 0.5
    return roc_auc(labels, rate[codes[1::2]])


def roc_auc(label: NDArray[np.bool_], score: Floats) -> float:
    """Area under the ROC curve from mean ranks, in [0, 1]; both classes must occur."""
    _, group, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2.0
    positives = int(label.sum())
    above = float(rank[group][label].sum()) - positives * (positives + 1) / 2.0
    return above / (positives * (len(label) - positives))


def _named_after(name: str, outcome: str) -> bool:
    plain = name.casefold()
    return plain in _SUSPICIOUS_NAMES | {outcome.casefold()} or plain.startswith(_SUSPICIOUS_PREFIXES)
