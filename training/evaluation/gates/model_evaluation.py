"""Judging a model on sealed rows: overall, by action, gate by gate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heed.decisioning.canonical import to_plain
from heed.decisioning.score import Floats
from heed.training.evaluation.gates.leak_detection import find_leaks
from heed.training.evaluation.gates.promotion_gates import (
    ChampionScores,
    Gate,
    base_rate_gate,
    calibration_error_gate,
    calibration_slope_gate,
    champion_gate,
    leak_gate,
)
from heed.training.evaluation.metrics.probability_scores import Labels, Metrics, compute_metrics
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.sample import Sample


@dataclass(frozen=True, eq=False)
class HoldoutPredictions:
    """What a model said of sealed rows, and what happened.

    Attributes
    ----------
    action : array of str, shape (n,)
        The action of each row, ``hold`` included.
    base_rate : float
        Of the fitting rows.
    """

    propensity: Floats
    label: Labels
    action: np.ndarray
    base_rate: float

    def by_action(self) -> Iterator[tuple[str, Floats, Labels]]:
        """Yield action, propensity and label of each action's rows, in the order of the names."""
        for name in np.unique(self.action):
            mine = self.action == name
            yield str(name), self.propensity[mine], self.label[mine]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything that was found."""

    overall: Metrics
    by_action: Mapping[str, Metrics]
    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate is open."""
        return all(gate.passed for gate in self.gates)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; a number that cannot be told is null."""
        found = {"overall": self.overall, "by_action": self.by_action, "gates": self.gates, "passed": self.passed}
        return {name: nonfinite_to_null(to_plain(value)) for name, value in found.items()}


def evaluate(
    judged: HoldoutPredictions,
    fit: Sample,
    schema: FeatureSchema,
    outcome: str,
    rival: ChampionScores | None,
    seed: int,
) -> Evaluation:
    """Metrics and gates of a model that wants to be champion.

    Parameters
    ----------
    fit : Sample
        The fitting rows, in which leaks are looked for.
    rival : ChampionScores or None
        The champion in office, if there is one.
    """
    found = evaluate_metrics(judged, seed)
    against = champion_gate(judged.propensity, judged.label, rival)
    return replace(found, gates=(*found.gates, against, leak_gate(find_leaks(fit, schema, outcome))))


def evaluate_metrics(judged: HoldoutPredictions, seed: int) -> Evaluation:
    """Metrics, and the gates that need nothing but probabilities and outcomes."""
    overall = compute_metrics(judged.propensity, judged.label, judged.base_rate)
    gates = (
        calibration_error_gate(overall, judged.propensity, seed),
        calibration_slope_gate(overall),
        base_rate_gate(judged.propensity, judged.label, judged.base_rate),
    )
    per_action = {name: compute_metrics(said, label, judged.base_rate) for name, said, label in judged.by_action()}
    return Evaluation(overall, per_action, gates)


def nonfinite_to_null(value: Any) -> Any:
    """A JSON-ready value in which every number that is none is null."""
    if isinstance(value, dict):
        return {key: nonfinite_to_null(item) for key, item in value.items()}
    if isinstance(value, list):
        return [nonfinite_to_null(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
