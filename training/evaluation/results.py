"""Everything that is found of a model beside its gates, as plain values that become JSON and a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heed.decisioning.canonical import to_plain
from heed.decisioning.errors import InvalidInput
from heed.training.contract.engagement_data import EngagementData
from heed.training.evaluation.attribute_groups import attribute_groups, is_customer_attribute
from heed.training.evaluation.eval_data import EvalData
from heed.training.evaluation.fairness import AttributeFairness, fairness
from heed.training.evaluation.gates.model_evaluation import nonfinite_to_null
from heed.training.evaluation.metrics.bins import equal_mass_bins
from heed.training.evaluation.metrics.brier_decomposition import Decomposition, decompose
from heed.training.evaluation.metrics.estimate import Estimate
from heed.training.evaluation.metrics.interval_coverage import IntervalAgreement, bands
from heed.training.evaluation.metrics.lift import LiftDecile, tenths
from heed.training.evaluation.metrics.probability_scores import Labels
from heed.training.evaluation.metrics.segments import Segment, segments, share_estimate
from heed.training.evaluation.off_policy.policy_comparison import MostConfident, PolicyComparison, policies, surest
from heed.training.evaluation.uplift.experiments import evaluate_uplifts
from heed.training.evaluation.uplift.uplift_evaluation import ALL, UpliftResult

_BINS, _ACTION_BINS = 10, 5


@dataclass(frozen=True, slots=True)
class ConfidenceSummary:
    """How sure heed would be of its choices, guardrails aside.

    Attributes
    ----------
    acts : Estimate
        Share of decisions in which it would contact.
    mean : float
        Mean confidence.
    tenths : tuple of float
        Confidence at 10, 20, ... 90 % of the decisions.
    surest : tuple of MostConfident
        What the surest decisions are worth; none where too little was randomised.
    area, area_by_chance : float or None
        Mean of that value over all shares, and the same for decisions drawn at random: what the order is good for.
    """

    acts: Estimate
    mean: float
    tenths: tuple[float, ...]
    surest: tuple[MostConfident, ...]
    area: float | None
    area_by_chance: float | None


@dataclass(frozen=True, eq=False)
class EvaluationResults:
    """What was found.

    Attributes
    ----------
    overall : Segment
        All rows as one.
    reliability : mapping of str to mapping
        Groups of rising probability, of ``all`` rows and by action; see
        :class:`heed.training.evaluation.metrics.bins.Bins`.
    segments : mapping of str to tuple of Segment
        By attribute; `action` always among them.
    harm : tuple of Segment
        Opt-outs, complaints and unsubscribes among contacts, all as one, then by action; none where nothing is known.
    notes : tuple of str
        What could not be told, and why.
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
        """JSON-ready form; a number that cannot be told is null."""
        return {name: nonfinite_to_null(to_plain(getattr(self, name))) for name in self.__dataclass_fields__}


def compute_results(
    material: EvalData, attributes: Sequence[str], wished: Sequence[str] = (), seed: int = 0
) -> EvaluationResults:
    """Everything that the contacts tell.

    Parameters
    ----------
    attributes : sequence of str
        By which segments are made, and fairness is judged where they are of customers.
    wished : sequence of str
        The same; those that the data do not have are noted rather than refused.

    Raises
    ------
    InvalidInput
        If the data have no such attribute.
    """
    present, absent = _present(material.data, wished)
    named = list(dict.fromkeys([*attributes, *present]))
    groups = {name: attribute_groups(material.data, material.rows, name) for name in named}
    said, propensity, label = material.said, material.propensity, material.label
    people = [name for name in named if is_customer_attribute(material.data, name)]
    (overall,) = segments(np.full(len(label), ALL), said, seed)
    return EvaluationResults(
        overall=overall,
        decomposition=decompose(propensity, label),
        lift=tenths(propensity, label),
        bands=bands(propensity, material.low, material.high, label, _BINS),
        reliability=_reliability(material),
        segments={name: segments(one, said, seed) for name, one in {"action": material.action, **groups}.items()},
        fairness=tuple(fairness(name, groups[name], said, material.acts, seed) for name in people),
        harm=_harm(material, seed),
        uplift=evaluate_uplifts(material, seed),
        confidence=_confidence(material),
        policies=policies(material),
        notes=tuple(f"The data have no attribute `{name}`, which the policy names for fairness." for name in absent),
    )


def _present(data: EngagementData, wished: Sequence[str]) -> tuple[list[str], list[str]]:
    present: list[str] = []
    absent: list[str] = []
    for name in wished:
        try:
            attribute_groups(data, np.arange(min(1, len(data.contacts))), name)
            present.append(name)
        except InvalidInput:
            absent.append(name)
    return present, absent


def _reliability(material: EvalData) -> dict[str, dict[str, Any]]:
    found = {ALL: _binned(material.propensity, material.label, _BINS)}
    for name, propensity, label in material.judged.by_action():
        found[f"action/{name}"] = _binned(propensity, label, _ACTION_BINS)
    return found


def _binned(propensity: np.ndarray, label: Labels, bins: int) -> dict[str, Any]:
    grouped = equal_mass_bins(propensity, label, bins)
    return {name: getattr(grouped, name).tolist() for name in ("count", "stated", "rate", "low", "high")}


def _harm(material: EvalData, seed: int) -> tuple[Segment, ...]:
    said = material.harm_predictions
    if said is None:
        return ()
    action = material.action[material.contacted]
    return (*segments(np.full(len(action), ALL), said, seed), *segments(action, said, seed))


def _confidence(material: EvalData) -> ConfidenceSummary:
    stated = material.choices.confidence
    ranks = tuple(float(one) for one in np.quantile(stated, np.arange(1, 10) / 10))
    best = surest(material)
    area, by_chance = _areas(best) if best else (None, None)
    return ConfidenceSummary(share_estimate(material.acts), float(stated.mean()), ranks, best, area, by_chance)


def _areas(best: Sequence[MostConfident]) -> tuple[float, float]:
    shares = [0.0, *(one.share for one in best)]
    values = [0.0, *(one.value.value for one in best)]
    return float(np.trapezoid(values, shares)), best[-1].value.value / 2.0
