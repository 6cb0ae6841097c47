"""Evaluation results beside the gates, as plain values for JSON and the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heed.decisioning.canonical import to_plain
from heed.decisioning.errors import InvalidInput
from heed.training.contract.engagement_data import EngagementData
from heed.training.evaluation.attribute_groups import attribute_groups, is_customer_attribute
from heed.training.evaluation.eval_data import EvalData
from heed.training.evaluation.fairness import AttributeFairness, attribute_fairness
from heed.training.evaluation.json_values import nonfinite_to_null
from heed.training.evaluation.metrics.bins import equal_mass_bins
from heed.training.evaluation.metrics.brier_decomposition import Decomposition, decompose
from heed.training.evaluation.metrics.estimate import Estimate
from heed.training.evaluation.metrics.interval_coverage import IntervalAgreement, interval_agreement
from heed.training.evaluation.metrics.lift import LiftDecile, lift_deciles
from heed.training.evaluation.metrics.probability_scores import Labels
from heed.training.evaluation.metrics.segments import Segment, segment_metrics, share_estimate
from heed.training.evaluation.off_policy.policy_comparison import (
    MostConfident,
    PolicyComparison,
    compare_policies,
    most_confident,
)
from heed.training.evaluation.uplift.experiments import evaluate_uplifts
from heed.training.evaluation.uplift.uplift_evaluation import ALL, UpliftResult

_BINS, _ACTION_BINS = 10, 5


@dataclass(frozen=True, slots=True)
class ConfidenceSummary:
    """Confidence of heed's choices, before guardrails.

    Attributes
    ----------
    acts : Estimate
        Share of decisions to contact.
    mean : float
        Mean confidence.
    tenths : tuple of float
        Deciles of confidence.
    surest : tuple of MostConfident
        Value of the most confident decisions; empty where too little was randomized.
    area, area_by_chance : float or None
        Area under that curve, and under the one of a random order.
    """

    acts: Estimate
    mean: float
    tenths: tuple[float, ...]
    surest: tuple[MostConfident, ...]
    area: float | None
    area_by_chance: float | None


@dataclass(frozen=True, eq=False)
class EvaluationResults:
    """Everything computed from the evaluation data.

    Attributes
    ----------
    overall : Segment
        All rows as one.
    reliability : mapping of str to mapping
        Reliability bins of ``all`` rows and by action; see
        :class:`heed.training.evaluation.metrics.bins.Bins`.
    segments : mapping of str to tuple of Segment
        By attribute, always including `action`.
    harm : tuple of Segment
        Opt-outs, complaints and unsubscribes among contacts: overall, then by action; empty where not recorded.
    notes : tuple of str
        What could not be computed, and why.
    """

    overall: Segment
    decomposition: Decomposition
    lift: tuple[LiftDecile, ...]
    bands: IntervalAgreement
    reliability: Mapping[str, Mapping[str, Any]]
    segments: Mapping[str, tuple[Segment, ...]]
    fairness: tuple[AttributeFairness, ...]
    harm: tuple[Segment, ...]
    uplift: tuple[UpliftResult, ...]
    confidence: ConfidenceSummary
    policies: PolicyComparison | None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; NaN and infinity are null."""
        return {name: nonfinite_to_null(to_plain(getattr(self, name))) for name in self.__dataclass_fields__}


def compute_results(
    eval_data: EvalData, attributes: Sequence[str], optional: Sequence[str] = (), seed: int = 0
) -> EvaluationResults:
    """Compute all results.

    Parameters
    ----------
    attributes : sequence of str
        Attributes to segment by; customer attributes are also checked for fairness.
    optional : sequence of str
        The same, but noted instead of refused where the data do not have them.

    Raises
    ------
    InvalidInput
        If the data have no such attribute.
    """
    present, absent = _split_by_presence(eval_data.data, optional)
    names = list(dict.fromkeys([*attributes, *present]))
    groups = {name: attribute_groups(eval_data.data, eval_data.rows, name) for name in names}
    predictions, propensity, label = eval_data.clustered, eval_data.propensity, eval_data.label
    customer_attributes = [name for name in names if is_customer_attribute(eval_data.data, name)]
    by_attribute = {"action": eval_data.action, **groups}
    (overall,) = segment_metrics(np.full(len(label), ALL), predictions, seed)
    return EvaluationResults(
        overall=overall,
        decomposition=decompose(propensity, label),
        lift=lift_deciles(propensity, label),
        bands=interval_agreement(propensity, eval_data.low, eval_data.high, label, _BINS),
        reliability=_reliability(eval_data),
        segments={name: segment_metrics(group, predictions, seed) for name, group in by_attribute.items()},
        fairness=tuple(
            attribute_fairness(name, groups[name], predictions, eval_data.acts, seed) for name in customer_attributes
        ),
        harm=_harm(eval_data, seed),
        uplift=evaluate_uplifts(eval_data, seed),
        confidence=_confidence(eval_data),
        policies=compare_policies(eval_data),
        notes=tuple(f"The data have no attribute `{name}`, which the policy names for fairness." for name in absent),
    )


def _split_by_presence(data: EngagementData, optional: Sequence[str]) -> tuple[list[str], list[str]]:
    present: list[str] = []
    absent: list[str] = []
    for name in optional:
        try:
            attribute_groups(data, np.arange(min(1, len(data.contacts))), name)
            present.append(name)
        except InvalidInput:
            absent.append(name)
    return present, absent


def _reliability(eval_data: EvalData) -> dict[str, dict[str, Any]]:
    reliability = {ALL: _binned(eval_data.propensity, eval_data.label, _BINS)}
    for name, propensity, label in eval_data.holdout.by_action():
        reliability[f"action/{name}"] = _binned(propensity, label, _ACTION_BINS)
    return reliability


def _binned(propensity: np.ndarray, label: Labels, bins: int) -> dict[str, Any]:
    grouped = equal_mass_bins(propensity, label, bins)
    return {name: getattr(grouped, name).tolist() for name in ("count", "stated", "rate", "low", "high")}


def _harm(eval_data: EvalData, seed: int) -> tuple[Segment, ...]:
    predictions = eval_data.harm_predictions
    if predictions is None:
        return ()
    action = eval_data.action[eval_data.contacted]
    overall = segment_metrics(np.full(len(action), ALL), predictions, seed)
    return (*overall, *segment_metrics(action, predictions, seed))


def _confidence(eval_data: EvalData) -> ConfidenceSummary:
    confidence = eval_data.choices.confidence
    deciles = tuple(float(value) for value in np.quantile(confidence, np.arange(1, 10) / 10))
    points = most_confident(eval_data)
    area, by_chance = _areas(points) if points else (None, None)
    return ConfidenceSummary(share_estimate(eval_data.acts), float(confidence.mean()), deciles, points, area, by_chance)


def _areas(points: Sequence[MostConfident]) -> tuple[float, float]:
    shares = [0.0, *(point.share for point in points)]
    values = [0.0, *(point.value.value for point in points)]
    return float(np.trapezoid(values, shares)), points[-1].value.value / 2.0
