"""Metrics of a model on the test set, overall and by action, and its promotion gates."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from heed.decisioning.canonical import to_plain
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
from heed.training.evaluation.json_values import nonfinite_to_null
from heed.training.evaluation.metrics.probability_scores import HoldoutPredictions, Metrics, compute_metrics
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.sample import Sample


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Metrics and gates."""

    overall: Metrics
    by_action: Mapping[str, Metrics]
    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate is open."""
        return all(gate.passed for gate in self.gates)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; NaN and infinity are null."""
        parts = {"overall": self.overall, "by_action": self.by_action, "gates": self.gates, "passed": self.passed}
        return {name: nonfinite_to_null(to_plain(value)) for name, value in parts.items()}


def evaluate(
    holdout: HoldoutPredictions,
    fit: Sample,
    schema: FeatureSchema,
    outcome: str,
    champion: ChampionScores | None,
    seed: int,
) -> Evaluation:
    """Metrics and all gates of a candidate for champion.

    Parameters
    ----------
    fit : Sample
        The training rows, searched for leaks.
    champion : ChampionScores or None
        Scores of the current champion, if there is one.
    """
    evaluation = evaluate_metrics(holdout, seed)
    against_champion = champion_gate(holdout.propensity, holdout.label, champion)
    return replace(evaluation, gates=(*evaluation.gates, against_champion, leak_gate(find_leaks(fit, schema, outcome))))


def evaluate_metrics(holdout: HoldoutPredictions, seed: int) -> Evaluation:
    """Metrics, and the gates that need probabilities and outcomes only."""
    overall = compute_metrics(holdout.propensity, holdout.label, holdout.base_rate)
    gates = (
        calibration_error_gate(overall, holdout.propensity, seed),
        calibration_slope_gate(overall),
        base_rate_gate(holdout.propensity, holdout.label, holdout.base_rate),
    )
    by_action = {
        name: compute_metrics(propensity, label, holdout.base_rate) for name, propensity, label in holdout.by_action()
    }
    return Evaluation(overall, by_action, gates)
